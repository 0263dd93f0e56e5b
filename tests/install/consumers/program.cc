#include "conversation.h"

int main() { return Converse(); }
