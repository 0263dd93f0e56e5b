#!/usr/bin/python3
"""Starts a program as a service manager does: listen_fds.py DESCRIPTORS PROGRAM [ARGUMENT]...

DESCRIPTORS, such as 7,9, are those of this process that the program gets, as 3, 4 and so on. The
process becomes the program, so both have one number, which LISTEN_PID is unless it is set."""

import fcntl
import os
import sys

FIRST = 3
ASIDE = 64  # Above all that is to be overwritten.


def main():
  numbers = [int(number) for number in sys.argv[1].split(',') if number]
  aside = [fcntl.fcntl(number, fcntl.F_DUPFD_CLOEXEC, ASIDE) for number in numbers]
  for place, number in enumerate(aside, FIRST):
    os.dup2(number, place, inheritable=True)
  os.environ.setdefault('LISTEN_PID', str(os.getpid()))
  os.environ.setdefault('LISTEN_FDS', str(len(numbers)))
  os.execvp(sys.argv[2], sys.argv[2:])


if __name__ == '__main__':
  main()
