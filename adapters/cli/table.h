// Table: columns of text that line up.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

namespace spine::cli {

// Cells are printabled when added. Widths count code points.
class Table {
 public:
  explicit Table(std::vector<std::string> header);
  // REQUIRES: as many cells as the header has.
  void add(std::vector<std::string> cells);
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_{};
};

// "  Name        value" lines under one another; values are printabled.
class Facts {
 public:
  void add(std::string name, std::string value);
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_{};
};

}  // namespace spine::cli
