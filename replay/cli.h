// Command line of spine-replay: parses arguments and runs the verb they name.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace spine::replay {

// `arguments` without the program's name. Results go to `out`, errors to `err`; verbs that
// read commands read them from `in`. Returns the exit code (schemas/vocab/verbs.h).
int run(const std::vector<std::string>& arguments, std::FILE* out, std::FILE* err,
        std::FILE* in = stdin);

}  // namespace spine::replay
