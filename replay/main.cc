// main of spine-replay: the tools that look at a journal and cannot act.
#include <cstdio>
#include <string>
#include <sys/stat.h>
#include <vector>

#include "replay/cli.h"

int main(int argc, char** argv) {
  umask(077);
  return spine::replay::run(std::vector<std::string>(argv + 1, argv + argc), stdout, stderr);
}
