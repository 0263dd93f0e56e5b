# Makes documentation of ordinary comments for Doxygen: those before a declaration, and behind one.
s,^( *)// ?,\1/// ,
s,([;{})] +)// ,\1///< ,
s,(\,  +)// ,\1///< ,
# What is special to Doxygen is not special there; code stays as it is.
/^ *\/\/\/ {0,3}[^ ]/ {
  s,\\,\\\\,g
  s,<,\&lt;,g
  s,([@#%*_`]),\\\1,g
}
