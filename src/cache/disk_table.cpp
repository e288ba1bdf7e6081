#include "cache/disk_table.hpp"

#include <utility>

namespace blobmount {

DiskRecord* DiskTable::find(DiskName name) {
  auto* record = at(chain(name));
  while (record != nullptr && record->name != name) record = at(record->next);
  return record;
}

DiskRecord& DiskTable::add(DiskName name) {
  if (size_ == chains_.size()) double_chains();
  const auto number = take_number();
  auto& record = records_[number];
  record.name = name;
  record.next = std::exchange(chain(name), number);
  append(number);
  ++size_;
  return record;
}

void DiskTable::erase(DiskRecord& record) {
  auto& link = link_to(record);
  const auto number = std::exchange(link, record.next);
  unlink(record);
  --size_;
  record = DiskRecord{};
  record.next = std::exchange(free_, number);
}

void DiskTable::used(DiskRecord& record) {
  const auto number = link_to(record);
  unlink(record);
  append(number);
}

std::size_t DiskTable::footprint() const {
  return records_.size() * (sizeof(DiskRecord) + 2) + chains_.size() * sizeof(Number);
}

DiskTable::Number& DiskTable::link_to(const DiskRecord& record) {
  auto* link = &chain(record.name);
  while (&records_[*link] != &record) link = &records_[*link].next;
  return *link;
}

DiskTable::Number DiskTable::take_number() {
  if (free_ != none) return std::exchange(free_, records_[free_].next);
  records_.emplace_back();
  return static_cast<Number>(records_.size() - 1);
}

void DiskTable::append(Number number) {
  auto& record = records_[number];
  record.older = std::exchange(newest_, number);
  record.newer = none;
  (record.older == none ? oldest_ : records_[record.older].newer) = number;
}

void DiskTable::unlink(const DiskRecord& record) {
  (record.older == none ? oldest_ : records_[record.older].newer) = record.newer;
  (record.newer == none ? newest_ : records_[record.newer].older) = record.older;
}

void DiskTable::double_chains() {
  chains_.assign(2 * chains_.size(), none);
  for (auto number = oldest_; number != none; number = records_[number].newer) {
    auto& record = records_[number];
    record.next = std::exchange(chain(record.name), number);
  }
}

}  // namespace blobmount
