// remedy: plain structs of them, no pointers or views
#include <shoal/wire/codec.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

struct Row {
  std::string name;
  std::string_view part;
};

shoal::Payload wrong(const std::map<std::string, std::vector<Row>>& rows) { return shoal::to_payload(rows); }
