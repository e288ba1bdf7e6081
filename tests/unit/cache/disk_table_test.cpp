#include "cache/disk_table.hpp"

#include <algorithm>
#include <list>
#include <random>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blobmount {
namespace {

std::vector<DiskName> in_order(DiskTable& table) {
  std::vector<DiskName> names;
  for (auto* record = table.oldest(); record != nullptr; record = table.newer(*record)) {
    names.push_back(record->name);
  }
  return names;
}

TEST(DiskTable, FindsWhatWasAddedAndNotErased) {
  DiskTable table;
  table.add(7).bytes = 70;
  table.add(7 + 64).bytes = 71;  // in the same chain

  ASSERT_NE(table.find(7), nullptr);
  EXPECT_EQ(table.find(7)->bytes, 70U);
  EXPECT_EQ(table.find(7 + 128), nullptr);

  table.erase(*table.find(7));
  EXPECT_EQ(table.find(7), nullptr);
  EXPECT_EQ(table.find(7 + 64)->bytes, 71U);
}

TEST(DiskTable, NamesMayBeAnything) {
  DiskTable table;
  for (const DiskName name : {DiskName{0}, ~DiskName{0}}) table.add(name);

  EXPECT_NE(table.find(0), nullptr);
  EXPECT_NE(table.find(~DiskName{0}), nullptr);
}

TEST(DiskTable, WhatWasErasedIsUsedAgainAndEmpty) {
  DiskTable table;
  for (DiskName name = 0; name < 1000; ++name) table.add(name).pages.insert(1);
  const auto footprint = table.footprint();

  for (DiskName name = 0; name < 1000; ++name) table.erase(*table.find(name));
  for (DiskName name = 0; name < 1000; ++name) EXPECT_EQ(table.add(5000 + name).pages.size(), 0U);

  EXPECT_EQ(table.footprint(), footprint);
  EXPECT_LE(table.footprint(), 1000 * DiskTable::footprint_of_one + 4096);
}

TEST(DiskTable, DoesWhatAListDoes) {
  std::mt19937_64 random(20260101);
  DiskTable table;
  std::list<DiskName> model;

  for (int step = 0; step < 20'000; ++step) {
    const DiskName name = random() % 500;
    const auto known = std::ranges::find(model, name);
    auto* const record = table.find(name);
    ASSERT_EQ(record != nullptr, known != model.end());
    if (record == nullptr) {
      table.add(name);
      model.push_back(name);
    } else if (random() % 3 == 0) {
      table.erase(*record);
      model.erase(known);
    } else {
      table.used(*record);
      model.splice(model.end(), model, known);
    }
  }

  EXPECT_EQ(in_order(table), std::vector<DiskName>(model.begin(), model.end()));
  EXPECT_EQ(table.size(), model.size());
}

}  // namespace
}  // namespace blobmount
