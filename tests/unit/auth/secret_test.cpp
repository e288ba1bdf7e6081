#include <cstddef>
#include <memory>
#include <new>
#include <ostream>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

#include "blobmount/credential.hpp"

#include "base/log.hpp"

namespace blobmount {
namespace {

template <typename T>
concept Printable = requires(std::ostream& out, const T& value) {
  out << value;
};
template <typename T>
concept Loggable = std::is_constructible_v<LogField, const char*, T>;

// so nobody does it by accident
static_assert(!Printable<Secret> && Printable<std::string>);
static_assert(!Loggable<Secret> && Loggable<std::string>);
static_assert(!std::is_convertible_v<Secret, std::string> &&
              !std::is_convertible_v<Secret, std::string_view>);

/// Short enough for the string to keep it in the object itself.
constexpr const char* short_text = "sesame-opens";

std::string_view bytes_of(const Secret& secret) {
  return {reinterpret_cast<const char*>(&secret), sizeof(Secret)};
}

bool holds_text(std::string_view bytes) { return bytes.find("sesame") != std::string_view::npos; }

TEST(Secret, IsWipedWhereItWasMovedFrom) {
  Secret source{std::string(short_text)};
  ASSERT_TRUE(holds_text(bytes_of(source)));

  const Secret target{std::move(source)};

  EXPECT_EQ(target.reveal(), short_text);
  EXPECT_FALSE(holds_text(bytes_of(source)));  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, IsWipedWhereItWasAssignedFrom) {
  Secret source{std::string(short_text)};
  Secret target;

  target = std::move(source);

  EXPECT_EQ(target.reveal(), short_text);
  EXPECT_FALSE(holds_text(bytes_of(source)));  // NOLINT(bugprone-use-after-move)
}

TEST(Secret, IsWipedWhenAnotherTakesItsPlace) {
  Secret secret{std::string(short_text)};

  secret = Secret{"x"};

  EXPECT_EQ(secret.reveal(), "x");
  EXPECT_FALSE(holds_text(bytes_of(secret)));
}

TEST(Secret, IsWipedWhenItGoes) {
  alignas(Secret) char room[sizeof(Secret)] = {};
  auto* secret = new (room) Secret{std::string(short_text)};
  ASSERT_TRUE(holds_text({room, sizeof(room)}));

  std::destroy_at(secret);

  EXPECT_FALSE(holds_text({room, sizeof(room)}));
}

TEST(Secret, SurvivesAssignmentToItself) {
  Secret secret{std::string(100, 's')};
  const auto& same = secret;

  secret = same;

  EXPECT_EQ(secret.reveal(), std::string(100, 's'));
}

TEST(Secret, CopiesAreEqualAndIndependent) {
  const Secret original{std::string(100, 's')};

  auto copy = original;
  EXPECT_EQ(copy, original);
  copy = Secret{"other"};

  EXPECT_EQ(original.reveal(), std::string(100, 's'));
}

}  // namespace
}  // namespace blobmount
