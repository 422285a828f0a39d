// json_read: what the commands read answers with.
#pragma once

#include "schemas/vocab/json_read.h"
