#include <shoal/data/typed.h>

#include <arrow/array.h>
#include <arrow/json/from_string.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <gtest/gtest.h>
#include <shoal/base/error.h>

#include <array>
#include <chrono>
#include <numeric>

namespace shoal::data {
namespace {

using detail::FunctionKind;
using detail::FunctionSpec;
using namespace std::chrono_literals;
using Spec = std::shared_ptr<const FunctionSpec>;

Batch run(const Spec& spec, const Batch& in) { return Batch(spec->make()->call(in.to_arrow())); }

template <class T>
std::vector<T> column(const Batch& batch, std::string_view name) {
  const auto view = batch.column<T>(name);
  std::vector<T> values;
  for (std::int64_t i = 0; i < view.size(); ++i) values.emplace_back(view[i]);
  return values;
}

Batch people() {
  return BatchBuilder()
      .add_column("name", {"ann", "bob", "eve"})
      .add_column<std::int32_t>("age", std::vector<std::int32_t>{30, 40, 50})
      .add_column<bool>("member", std::vector<bool>{true, false, true})
      .finish();
}

enum class Group : std::int16_t { young, old };
struct Person {
  std::string name;
  std::int64_t age = 0;
  std::int64_t label = -1;
  std::optional<double> height;
};
struct Grouped {
  std::string name;
  Group group{};
};
Person grow(Person person) {
  person.age += 1;
  return person;
}
Grouped group(const Person& person, const std::string& prefix, int border) {
  return {prefix + person.name, person.age < border ? Group::young : Group::old};
}

TEST(TypedMap, MembersAreColumnsAndOthersPassThrough) {
  const Spec spec = detail::row_function<FunctionKind::map>(grow);
  EXPECT_EQ(spec->name, "grow");
  EXPECT_EQ(*spec->reads, (std::vector<std::string>{"name", "age", "label", "height"}));
  const Batch out = run(spec, people());
  EXPECT_EQ(out.column_names(), (std::vector<std::string>{"name", "age", "member", "label", "height"}));
  EXPECT_EQ(column<std::int64_t>(out, "age"), (std::vector<std::int64_t>{31, 41, 51}));
  EXPECT_EQ(column<std::int64_t>(out, "label"), (std::vector<std::int64_t>{-1, -1, -1}));
  EXPECT_EQ(column<bool>(out, "member"), (std::vector<bool>{true, false, true}));
  EXPECT_FALSE(column<std::optional<double>>(out, "height")[0].has_value());
}

TEST(TypedMap, BoundArgumentsConvertToParameters) {
  const Spec spec = detail::row_function<FunctionKind::map>(group, "x-", 45.0);
  const Batch out = run(spec, people());
  EXPECT_EQ(out.column_names(), (std::vector<std::string>{"name", "member", "group"}));
  EXPECT_EQ(column<std::string>(out, "name"), (std::vector<std::string>{"x-ann", "x-bob", "x-eve"}));
  EXPECT_EQ(column<std::int16_t>(out, "group"), (std::vector<std::int16_t>{0, 0, 1}));
}

struct NeedsWeight {
  double weight = 0;
};
struct AgeIsText {
  std::string age;
};
struct AgeIsSmall {
  std::int16_t age = 0;
};

template <class T>
ErrorCode map_error(const Batch& in) {
  const Spec spec = detail::row_function<FunctionKind::map>([](T row) { return row; });
  try {
    run(spec, in);
  } catch (const Error& error) { return error.code(); }
  return ErrorCode::ok;
}

TEST(TypedMap, MissingColumnsAndWrongTypesAreErrors) {
  EXPECT_EQ(map_error<NeedsWeight>(people()), ErrorCode::schema_mismatch);
  EXPECT_EQ(map_error<AgeIsText>(people()), ErrorCode::schema_mismatch);
  EXPECT_EQ(map_error<AgeIsSmall>(people()), ErrorCode::schema_mismatch);
  EXPECT_EQ(map_error<Person>(people()), ErrorCode::ok);
}

TEST(TypedMap, NullsNeedOptional) {
  const Batch in = BatchBuilder()
                       .add_column<std::optional<double>>("weight",
                                                          std::vector<std::optional<double>>{1.5, std::nullopt})
                       .finish();
  EXPECT_EQ(map_error<NeedsWeight>(in), ErrorCode::schema_mismatch);
  struct Weighed {
    std::optional<double> weight;
  };
  const Spec spec = detail::row_function<FunctionKind::map>([](Weighed row) {
    row.weight = row.weight ? std::optional<double>() : 2.0;
    return row;
  });
  const auto values = column<std::optional<double>>(run(spec, in), "weight");
  EXPECT_EQ(values[0], std::nullopt);
  EXPECT_EQ(values[1], 2.0);
}

struct Word {
  std::string word;
};

TEST(TypedFlatMap, OtherColumnsAreRepeated) {
  const Spec spec = detail::row_function<FunctionKind::flat_map>([](const Person& person) {
    std::vector<Word> words;
    for (int i = 40; i <= person.age; i += 10) words.push_back({person.name});
    return words;
  });
  const Batch out = run(spec, people());
  EXPECT_EQ(out.column_names(), (std::vector<std::string>{"member", "word"}));
  EXPECT_EQ(column<std::string>(out, "word"), (std::vector<std::string>{"bob", "eve", "eve"}));
  EXPECT_EQ(column<bool>(out, "member"), (std::vector<bool>{false, true, true}));
}

struct Basket {
  std::vector<std::int64_t> items;
};
const std::vector<std::int64_t>& items_of(const Basket& basket) { return basket.items; }

TEST(TypedFlatMap, MayReturnAReferenceIntoTheRow) {
  std::vector<Basket> baskets(2);
  baskets[0].items = {1, 2};
  baskets[1].items = {3, 4};
  const Batch in(detail::rows_from<Basket>(baskets));
  const Batch out = run(detail::row_function<FunctionKind::flat_map>(items_of), in);
  EXPECT_EQ(column<std::int64_t>(out, "item"), (std::vector<std::int64_t>{1, 2, 3, 4}));
}

TEST(TypedFilter, KeepsRows) {
  struct Member {
    bool member = false;
  };
  const Spec spec = detail::row_function<FunctionKind::filter>([](Member m) { return m.member; });
  EXPECT_EQ(spec->name, "lambda");
  const Batch out = run(spec, people());
  EXPECT_EQ(column<std::string>(out, "name"), (std::vector<std::string>{"ann", "eve"}));
}

TEST(TypedColumn, IsAddedOrReplaced) {
  const Spec spec = detail::column_function(
      "age", [](const Person& person, double factor) { return factor * static_cast<double>(person.age); }, 2);
  const Batch out = run(spec, people());
  EXPECT_EQ(out.column_names(), (std::vector<std::string>{"name", "age", "member"}));
  EXPECT_EQ(column<double>(out, "age"), (std::vector<double>{60, 80, 100}));
}

struct Scale {
  float factor = 1;
  Batch operator()(const Batch& in) const {
    BatchBuilder out(in);
    const auto x = in.tensor<float>("x");
    auto y = out.add_tensor<float>("x", x.shape());
    std::transform(x.begin(), x.end(), y.begin(), [this](float v) { return v * factor; });
    return out.finish();
  }
};

TEST(TypedBatches, FunctionObjectsAreShippedAsValues) {
  BatchBuilder builder;
  auto x = builder.add_tensor<float>("x", {2, 3});
  std::iota(x.begin(), x.end(), 0.f);
  const Batch in = builder.finish();
  const Spec spec = detail::row_function<FunctionKind::map_batches>(Scale{2});
  EXPECT_EQ(spec->name, "Scale");
  EXPECT_EQ(run(spec, in).tensor<float>("x")(1, 2), 10);
}

class Counter {
 public:
  Counter(std::string prefix, std::int64_t start) : prefix_(std::move(prefix)), count_(start) {}
  Counter(const Counter&) = delete;
  Word operator()(const Person& person) { return {prefix_ + person.name + std::to_string(count_++)}; }

 private:
  std::string prefix_;
  std::int64_t count_;
};

TEST(TypedClass, IsConstructedByMakeAndKeepsState) {
  const Spec spec = detail::class_function<FunctionKind::map, Counter>("n:", 7);
  EXPECT_TRUE(spec->has_state);
  EXPECT_EQ(spec->name, "Counter");
  const auto worker = spec->make();
  EXPECT_EQ(column<std::string>(Batch(worker->call(people().to_arrow())), "word").back(), "n:eve9");
  EXPECT_EQ(column<std::string>(Batch(worker->call(people().to_arrow())), "word").back(), "n:eve12");
  EXPECT_EQ(column<std::string>(run(spec, people()), "word").back(), "n:eve9");
}

struct Nested {
  std::vector<std::int32_t> list;
  std::vector<std::string> words;
  std::optional<Word> inner;
  Bytes bytes;
  Tensor<float> tensor;
};

TEST(TypedRows, EveryKindOfMemberComesBack) {
  std::vector<Nested> rows(2);
  rows[0].list = {1, 2, 3};
  rows[0].words = {"a", ""};
  rows[0].inner = Word{"w"};
  rows[0].tensor = Tensor<float>({2, 2}, {1, 2, 3, 4});
  rows[1].tensor = Tensor<float>({1, 3}, {5, 6, 7});
  const auto keep = std::make_shared<std::string>("bytes");
  rows[1].bytes = Bytes(keep, reinterpret_cast<const std::uint8_t*>(keep->data()), keep->size());
  const auto batch = detail::rows_from<Nested>(rows);
  ASSERT_TRUE(batch->ValidateFull().ok());
  const std::vector<Nested> back = detail::rows_to<Nested>(batch);
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].list, rows[0].list);
  EXPECT_EQ(back[0].words, rows[0].words);
  EXPECT_EQ(back[0].inner->word, "w");
  EXPECT_FALSE(back[1].inner.has_value());
  EXPECT_TRUE(back[0].tensor == rows[0].tensor);
  EXPECT_TRUE(back[1].tensor == rows[1].tensor);
  EXPECT_EQ(back[1].bytes.view(), "bytes");
}

std::shared_ptr<arrow::RecordBatch> json_column(const std::string& name, const std::shared_ptr<arrow::DataType>& type,
                                                const std::string& values) {
  const auto array = arrow::json::ArrayFromJSONString(type, values).ValueOrDie();
  return arrow::RecordBatch::Make(arrow::schema({arrow::field(name, type)}), array->length(), {array});
}

struct Point {
  std::int64_t x = 0;
  std::vector<std::string> names;
};
struct Placed {
  std::optional<Point> point;
};
struct MaybePlaced {
  Point point;
};

TEST(TypedRows, MembersOfANullStructureAreNotLookedAt) {
  const auto type = arrow::struct_(
      {arrow::field("x", arrow::int64()), arrow::field("names", arrow::list(arrow::utf8()))});
  const auto rows = json_column("point", type, R"([{"x": 1, "names": ["a"]}, null, {"x": 3, "names": []}])");
  const auto read = detail::rows_to<Placed>(rows);
  EXPECT_EQ(read[0].point->names, std::vector<std::string>{"a"});
  EXPECT_FALSE(read[1].point.has_value());
  EXPECT_EQ(read[2].point->x, 3);
  EXPECT_EQ(detail::rows_to<Placed>(rows->Slice(2))[0].point->x, 3);
  EXPECT_THROW(detail::rows_to<MaybePlaced>(rows), SchemaMismatch);
  EXPECT_THROW(detail::rows_to<Placed>(json_column("point", type, R"([null, {"x": null, "names": []}])")),
               SchemaMismatch);
}

struct Corners {
  std::array<float, 4> corners{};
  std::optional<std::array<std::int64_t, 2>> center;
};
struct Triangle {
  std::array<float, 3> corners{};
};

TEST(TypedRows, ArraysOfNumbersAreTensorsOfOneShape) {
  std::vector<Corners> rows(3);
  rows[0] = {{1, 2, 3, 4}, {{5, 6}}};
  rows[2] = {{7, 8, 9, 10}, {{11, 12}}};
  const Batch batch(detail::rows_from<Corners>(rows));
  ASSERT_TRUE(batch.to_arrow()->ValidateFull().ok());
  EXPECT_EQ(batch.column_type("corners"), "tensor<float32>{4}");
  EXPECT_EQ(batch.tensor<float>("corners")(2, 3), 10);
  const auto back = detail::rows_to<Corners>(batch.to_arrow()->Slice(1));
  EXPECT_FALSE(back[0].center.has_value());
  EXPECT_EQ(back[1].corners, rows[2].corners);
  EXPECT_EQ(back[1].center, rows[2].center);
  EXPECT_THROW(detail::rows_to<Triangle>(batch.to_arrow()), SchemaMismatch);
  const auto lists = json_column("corners", arrow::fixed_size_list(arrow::float32(), 3), "[[1, 2, 3], [4, 5, 6]]");
  EXPECT_EQ(detail::rows_to<Triangle>(lists)[1].corners, (std::array<float, 3>{4, 5, 6}));
}

struct MaybeNumbers {
  std::optional<Tensor<std::int32_t>> t;
};

TEST(TypedRows, ElementsOfANullTensorAreNotLookedAt) {
  const auto fixed = arrow::fixed_size_list(arrow::int32(), 2);
  const auto varying = arrow::struct_({arrow::field("data", arrow::list(arrow::int32())),
                                       arrow::field("shape", arrow::fixed_size_list(arrow::int32(), 1))});
  for (const auto& rows : {json_column("t", fixed, "[[9, 9], [1, 2], null, [3, 4]]"),
                           json_column("t", varying, R"([{"data": [9], "shape": [1]}, {"data": [1, 2], "shape": [2]},
                                                         null, {"data": [3, 4], "shape": [2]}])")}) {
    const auto read = detail::rows_to<MaybeNumbers>(rows->Slice(1));
    EXPECT_TRUE(*read[0].t == Tensor<std::int32_t>({2}, {1, 2}));
    EXPECT_FALSE(read[1].t.has_value());
    EXPECT_TRUE(*read[2].t == Tensor<std::int32_t>({2}, {3, 4}));
  }
  EXPECT_THROW(detail::rows_to<MaybeNumbers>(json_column("t", fixed, "[[1, null], null]")), SchemaMismatch);
}

struct Words {
  std::vector<std::int64_t> lengths;
};

TEST(TypedRows, ItemsOfOtherRowsAreNotLookedAt) {
  const auto rows = json_column("lengths", arrow::list(arrow::int32()), "[[null, 1], [2, 3], [], [4], [null]]");
  const auto read = detail::rows_to<Words>(rows->Slice(1, 3));  // converted, for they are int32
  EXPECT_EQ(read[0].lengths, (std::vector<std::int64_t>{2, 3}));
  EXPECT_TRUE(read[1].lengths.empty());
  EXPECT_EQ(read[2].lengths, (std::vector<std::int64_t>{4}));
  EXPECT_THROW(detail::rows_to<Words>(rows), SchemaMismatch);
}

struct Timed {
  std::chrono::sys_time<std::chrono::microseconds> when;
  std::optional<std::chrono::milliseconds> took;
};
struct TimedInNanoseconds {
  std::chrono::system_clock::time_point when;
};
struct TimedInSeconds {
  std::chrono::sys_seconds when;
};

TEST(TypedRows, TimesAreTimestampsAndDurations) {
  using std::chrono::microseconds;
  const std::vector<Timed> rows{{std::chrono::sys_time<microseconds>(microseconds(1'500'000)), {}}, {{}, 7ms}};
  const auto batch = detail::rows_from<Timed>(rows);
  ASSERT_TRUE(batch->ValidateFull().ok());
  EXPECT_EQ(batch->schema()->field(0)->type()->id(), arrow::Type::TIMESTAMP);
  const auto back = detail::rows_to<Timed>(batch);
  EXPECT_EQ(back[0].when, rows[0].when);
  EXPECT_EQ(back[1].took, 7ms);
  EXPECT_FALSE(back[0].took.has_value());
  EXPECT_EQ(detail::rows_to<TimedInNanoseconds>(batch)[0].when, rows[0].when);
  EXPECT_THROW(detail::rows_to<TimedInSeconds>(batch), SchemaMismatch);  // half a second would be lost
}

TEST(TypedRows, ScalarsAreColumnItem) {
  const std::vector<int> rows{3, 1, 2};
  const Batch batch(detail::rows_from<int>(rows));
  EXPECT_EQ(column<std::int32_t>(batch, "item"), rows);
  EXPECT_EQ(detail::rows_to<int>(batch.to_arrow()), rows);
  const Batch out = run(detail::row_function<FunctionKind::map>([](int x) { return std::to_string(x); }), batch);
  EXPECT_EQ(column<std::string>(out, "item"), (std::vector<std::string>{"3", "1", "2"}));
}

struct Image {
  Tensor<std::uint8_t> image;
  std::int64_t label = -1;
};

TEST(TypedRows, TensorsThatAreNotTouchedAreShared) {
  BatchBuilder builder;
  auto pixels = builder.add_tensor<std::uint8_t>("image", {4, 2, 3});
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{0});
  const Batch in = builder.finish();
  const Spec label = detail::row_function<FunctionKind::map>([](Image image) {
    image.label = image.image(1, 2);
    return image;
  });
  const Batch out = run(label, in);
  EXPECT_EQ(out.tensor<std::uint8_t>("image").data(), in.tensor<std::uint8_t>("image").data());
  EXPECT_EQ(column<std::int64_t>(out, "label"), (std::vector<std::int64_t>{5, 11, 17, 23}));
  const Spec negate = detail::row_function<FunctionKind::map>([](Image image) {
    for (std::uint8_t& pixel : image.image.edit()) pixel = static_cast<std::uint8_t>(255 - pixel);
    return image;
  });
  const Batch negated = run(negate, in);
  EXPECT_EQ(negated.column_type("image"), "tensor<uint8>{2, 3}");
  EXPECT_EQ(negated.tensor<std::uint8_t>("image")(3, 1, 2), 255 - 23);
  EXPECT_EQ(in.tensor<std::uint8_t>("image")(3, 1, 2), 23);
}

TEST(TypedRows, TensorsOfOneShapeKeepItInAllRowsOrInNone) {
  BatchBuilder builder;
  const auto pixels = builder.add_tensor<std::uint8_t>("image", {4, 2, 3});
  std::iota(pixels.begin(), pixels.end(), std::uint8_t{0});
  const Batch in = builder.finish();
  const auto cut = [](Image image, int above) {
    if (image.image(0, 0) >= above) image.image = Tensor<std::uint8_t>({1, 2}, {1, 2});
    return image;
  };
  EXPECT_EQ(run(detail::row_function<FunctionKind::map>(cut, 100), in).column_type("image"), "tensor<uint8>{2, 3}");
  EXPECT_EQ(run(detail::row_function<FunctionKind::map>(cut, 0), in).column_type("image"), "tensor<uint8>{?, ?}");
  EXPECT_THROW(run(detail::row_function<FunctionKind::map>(cut, 12), in), SchemaMismatch);
}

struct MaybeImage {
  std::optional<Tensor<float>> image;
};

TEST(TypedRows, TensorsThatAreAllNullHaveNoTypeYet) {
  const Batch nulls(detail::rows_from<MaybeImage>(std::vector<MaybeImage>(2)));
  EXPECT_EQ(nulls.column_type("image"), "null");
  EXPECT_FALSE(detail::rows_to<MaybeImage>(nulls.to_arrow())[1].image.has_value());
}

Row add_area(Row row) {
  row["area"] = row["width"].as<double>() * row["height"].as<double>();
  return row;
}

TEST(DynamicRows, AreReadAndSet) {
  const Batch in = BatchBuilder()
                       .add_column<std::int32_t>("width", std::vector<std::int32_t>{2, 3})
                       .add_column<float>("height", std::vector<float>{1.5f, 2})
                       .finish();
  const Batch out = run(detail::row_function<FunctionKind::map>(add_area), in);
  EXPECT_EQ(out.column_names(), (std::vector<std::string>{"width", "height", "area"}));
  EXPECT_EQ(column<double>(out, "area"), (std::vector<double>{3, 6}));
}

}  // namespace
}  // namespace shoal::data
