// main of spine.
#include <string>
#include <sys/stat.h>
#include <vector>

#include "adapters/cli/command_line.h"

int main(int argc, char** argv) {
  umask(077);
  return spine::cli::run_command(std::vector<std::string>(argv + 1, argv + argc));
}
