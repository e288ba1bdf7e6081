#include "tree/mounted_tree.hpp"

#include <algorithm>
#include <utility>

#include "file/file_reader.hpp"
#include "tree/blob_attributes.hpp"

namespace blobmount {
namespace {

/// The kernel keeps inodes as long as it has memory for them, and ours with them. Where they take more than
/// that, it is asked to let go of the oldest, some at a time. Of directories only where they take half of it:
/// a process may be in one.
constexpr std::uint64_t inodes_anyway = 65'536 * 400;  // bytes
constexpr std::uint64_t share_of_inodes = 5;           // a fifth of the budget
constexpr std::size_t inodes_at_a_time = 1024;

/// Of whose pages the kernel is told before it is waited for: so many wait with it that none is dropped.
constexpr std::size_t files_at_a_time = 16'384;

Error no_longer_known() { return {ErrorCode::changed, "the inode is no longer known"}; }

Error another_version(const std::string& name) {
  return {ErrorCode::changed, "'" + name + "' is another version by now"};
}

Error archived(const Location& blob) {
  return {ErrorCode::not_permitted,
          "'" + blob.to_string() +
              "' is in the archive tier: it cannot be read before it is rehydrated, "
              "which takes hours (az storage blob set-tier --tier Hot, or Cool, with "
              "--account-name, -c and -n)"};
}

std::uint64_t shown_number(const Location& directory, std::string_view name) {
  return std::max<std::uint64_t>(number_of(directory, name), root_inode + 1);
}

/// As if it were a directory.
std::string place_of(const Node& node) {
  return node.parent->where().child_directory(node.entry.name).to_string();
}

BlobVersion version_of(const Node& node) {
  const auto where = node.parent->where().child_file(node.entry.name);
  return {where.container, where.path, node.entry.etag, node.entry.size};
}

}  // namespace

/// A snapshot, and the way from its entries to inodes.
class MountedTree::Opened final : public OpenDirectory {
 public:
  Opened(MountedTree& tree, std::shared_ptr<Directory> directory, SharedSnapshot snapshot)
      : tree_(tree), directory_(std::move(directory)), snapshot_(std::move(snapshot)) {}

  [[nodiscard]] ListingId listing() const override { return snapshot_->id(); }

  void wait_for(std::size_t index, Completion<std::size_t> done) override {
    snapshot_->wait_for(index, std::move(done));
  }

  [[nodiscard]] Item item(std::size_t index) const override {
    const auto item = snapshot_->item(index);
    if (item.name.empty()) return {};
    return {item.name, item.kind, shown_number(directory_->where(), item.name)};
  }

  Entry look_up(std::size_t index) override {
    const auto known = snapshot_->entry(index);
    const auto asked = snapshot_->asked(index);
    auto entry = tree_.enter(directory_, known, asked);
    if (directory_->outdated(known.name, asked, snapshot_)) entry.valid_for = Duration{0};
    return entry;
  }

 private:
  MountedTree& tree_;
  const std::shared_ptr<Directory> directory_;
  const SharedSnapshot snapshot_;
};

MountedTree::MountedTree(BlobStore& store, MemoryTier& memory, Clock& clock, Log& log,
                         const TreeConfig& config, const MountSource& source, LocalFiles* local_files)
    : memory_(memory),
      local_files_(local_files),
      clock_(clock),
      freshness_(freshness_of(config)),
      containers_(config.containers),
      endpoint_(source.endpoint),
      mounted_(clock.wall_now()),
      snapshots_(memory.budget()),
      walks_(store, snapshots_, containers_, memory.budget(), clock, {source.container, source.prefix},
             [this](const Location& where, const SharedSnapshot& old, const DirectorySnapshot& fresh) {
               if (const auto node = inodes_.find_directory(where)) node->directory->adopt(old, fresh);
             }),
      context_{
          .store = store,
          .snapshots = snapshots_,
          .walks = walks_,
          .containers = containers_,
          .budget = memory.budget(),
          .clock = clock,
          .log = log,
          .on_change = [this](InodeId directory, const std::string& name) { tell_kernel(directory, name); }},
      files_ahead_(memory, clock, freshness_.open.present),
      inodes_(memory.budget(),
              [this](InodeId inode, Location where) {
                return std::make_shared<Directory>(context_, inode, std::move(where));
              },
              {source.container, source.prefix}) {}

void MountedTree::look_up(InodeId parent, const std::string& name, Completion<Lookup> done) {
  const auto node = inodes_.find(parent);
  if (!node) return done(no_longer_known());
  if (!node->is_directory())
    return done(Error{ErrorCode::not_a_directory, "'" + node->entry.name + "' is a file"});
  if (name.size() > longest_file_name) return done(Error{ErrorCode::name_too_long, "look up '" + name + "'"});

  node->directory->look_up(
      name, freshness_.lookup,
      [this, name, parent = node->directory, done = std::move(done)](Result<Found> found) {
        if (!found) return done(std::move(found).error());
        done(lookup_of(parent, name, *found));
      });
}

Lookup MountedTree::lookup_of(const std::shared_ptr<Directory>& parent, const std::string& name,
                              const Found& found) {
  Lookup lookup;
  if (found.entry) {
    lookup.entry = enter(parent, *found.entry, found.asked);
  } else {
    const auto age = time_left(found.asked, freshness_.lookup.absent);
    if (parent->note_absent(name, age)) lookup.absent_for = age;
  }
  // last: a refresh() doubts before it tells the kernel of what has been entered, so one of the two sees the
  // other
  if (parent->outdated(name, found.asked)) {
    lookup.absent_for = Duration{0};
    if (lookup.entry) lookup.entry->valid_for = Duration{0};
  }
  return lookup;
}

Entry MountedTree::enter(const std::shared_ptr<Directory>& parent, const KnownEntry& entry,
                         SteadyTime asked) {
  const auto node = inodes_.look_up(parent, entry);
  if (auto next = next_look_.load();
      node->id >= next && next_look_.compare_exchange_strong(next, node->id + inodes_at_a_time))
    give_back_inodes();
  return {attributes_of(*node), time_left(asked, freshness_.lookup.present)};
}

void MountedTree::give_back_inodes() {
  const auto most = std::max(inodes_anyway, memory_.budget().total() / share_of_inodes);
  const auto footprint = inodes_.footprint();
  if (footprint.total <= most) return;
  for (const auto& node : inodes_.take_oldest(2 * inodes_at_a_time, footprint.directories > most / 2))
    let_go(*node);
}

Duration MountedTree::time_left(SteadyTime since, Duration age) const {
  return std::max(Duration{0}, std::chrono::duration_cast<Duration>(since + age - clock_.now()));
}

Attributes MountedTree::attributes_of(const Node& node) const {
  return {.inode = node.id,
          .number = node.parent ? shown_number(node.parent->where(), node.entry.name) : root_inode,
          .kind = node.entry.kind,
          .size = node.entry.size,
          .modified = node.entry.modified.value_or(mounted_)};
}

Result<Attributes> MountedTree::attributes(InodeId inode) {
  const auto node = inodes_.find(inode);
  if (!node) return no_longer_known();
  return attributes_of(*node);
}

std::string MountedTree::path_of(InodeId inode) const {
  const auto node = inodes_.find(inode);
  const auto root = inodes_.find(root_inode)->directory->where();
  if (!node || node->id == root_inode) return {};
  const auto where =
      node->is_directory() ? node->directory->where() : node->parent->where().child_file(node->entry.name);
  auto path = root.is_account() ? where.to_string() : where.path.substr(root.path.size());
  if (path.ends_with('/')) path.pop_back();
  return path;
}

void MountedTree::open(InodeId inode, Completion<std::shared_ptr<OpenFile>> done) {
  const auto node = inodes_.find(inode);
  if (!node) return done(no_longer_known());
  if (node->is_directory())
    return done(Error{ErrorCode::is_a_directory, "'" + node->entry.name + "' is a directory"});

  node->parent->renew(node->entry.name, freshness_.open,
                      [this, node, done = std::move(done)](Result<Found> found) {
                        if (!found) return done(std::move(found).error());
                        if (!found->entry || !same_version(*found->entry, node->entry))
                          return done(another_version(node->entry.name));
                        // rehydration makes no new version
                        if (found->entry->archived)
                          return done(archived(node->parent->where().child_file(node->entry.name)));
                        done(open_version(node));
                      });
}

std::shared_ptr<OpenFile> MountedTree::open_version(const SharedNode& node) {
  auto version = std::make_shared<const BlobVersion>(version_of(*node));
  auto reader = files_ahead_.open(node->parent, node->entry, version);
  return std::make_shared<FileReader>(
      std::move(reader), std::move(version), local_files_, [node] { node->parent->doubt(node->entry.name); },
      busiest_files_);
}

void MountedTree::open_directory(InodeId inode, Completion<std::shared_ptr<OpenDirectory>> done) {
  const auto node = inodes_.find(inode);
  if (!node) return done(no_longer_known());
  if (!node->is_directory())
    return done(Error{ErrorCode::not_a_directory, "'" + node->entry.name + "' is a file"});

  node->directory->list(freshness_.listing, [this, directory = node->directory,
                                             done = std::move(done)](Result<SharedSnapshot> snapshot) {
    if (!snapshot) return done(std::move(snapshot).error());
    done(std::make_shared<Opened>(*this, directory, *std::move(snapshot)));
  });
}

void MountedTree::extended_attributes(InodeId inode, const std::string& wanted,
                                      Completion<std::vector<ExtendedAttribute>> done) {
  const auto node = inodes_.find(inode);
  if (!node) return done(no_longer_known());
  if (node->is_directory()) return done(std::vector<ExtendedAttribute>());

  if (is_local_attribute(wanted)) return done(local_attribute(wanted, version_of(*node), local_files_));

  const auto& entry = node->entry;
  const auto age = freshness_.lookup.present;
  const bool in_listings = wanted != version_id_attribute;
  node->parent->details(entry.name, entry.etag, {.answered = age, .listed = in_listings ? age : Duration{0}},
                        [this, node, done = std::move(done)](Result<BlobDetails> details) {
                          if (!details) return done(std::move(details).error());
                          done(blob_attributes(endpoint_, node->parent->where().child_file(node->entry.name),
                                               node->entry.etag, *details));
                        });
}

void MountedTree::tell_kernel(InodeId directory, const std::string& name) {
  const MutexLock lock(kernel_mutex_);
  if (kernel_ != nullptr) kernel_->drop_name(directory, name);
}

void MountedTree::let_go(const Node& node) {
  const MutexLock lock(kernel_mutex_);
  if (kernel_ != nullptr) kernel_->let_go(node.id, node.parent->inode(), node.entry.name);
}

void MountedTree::serve(KernelCache* kernel) {
  const MutexLock lock(kernel_mutex_);
  kernel_ = kernel;
}

void MountedTree::refresh(const std::string& path, std::function<void()> done) {
  const auto below = location_of(path);
  snapshots_.drop_below(below, clock_.now());
  walks_.stop();  // it may have listed some of that already
  files_ahead_.forget_below(below);
  // in this order: lookup_of() counts on it
  const auto steps = doubtful_steps_to(below);
  doubt_below(below, steps);
  tell_kernel_of_all_below(below, steps);
  when_kernel_knows(std::move(done));
}

void MountedTree::drop_pages(std::function<void()> done) {
  drop_pages_of(inodes_.all([](const Node& node) { return !node.is_directory(); }), std::move(done));
}

void MountedTree::drop_pages_of(std::vector<SharedNode> files, std::function<void()> done) {
  const auto left = files.size() - std::min(files.size(), files_at_a_time);
  tell_kernel_to_drop_pages(std::span(files).subspan(left));
  if (left == 0) return when_kernel_knows(std::move(done));
  files.resize(left);
  when_kernel_knows([this, files = std::move(files), done = std::move(done)]() mutable {
    drop_pages_of(std::move(files), std::move(done));
  });
}

void MountedTree::tell_kernel_to_drop_pages(std::span<const SharedNode> files) {
  const MutexLock lock(kernel_mutex_);
  if (kernel_ == nullptr) return;
  for (const auto& file : files) kernel_->drop_pages(file->id);
}

std::vector<MountedTree::Step> MountedTree::doubtful_steps_to(const Location& below) {
  const auto top = inodes_.find(root_inode)->directory->where();
  std::vector<Step> steps;
  for (auto place = below; place != top;) {
    auto step = parent_of(place);
    place = step.first;
    const auto directory = inodes_.find_directory(place);
    if (steps.empty() || !directory || !directory->directory->shows_directory(step.second))
      steps.push_back(std::move(step));
  }
  return steps;
}

void MountedTree::doubt_below(const Location& below, const std::vector<Step>& steps) {
  const auto inside = below.to_string();
  for (const auto& node : nodes_below(below)) {
    if (place_of(*node) != inside) node->parent->doubt_all();
    if (node->is_directory()) node->directory->doubt_all();
  }
  if (const auto top = inodes_.find(root_inode)->directory; top->where() == below) return top->doubt_all();

  for (const auto& [where, name] : steps) {
    snapshots_.drop(where);
    const auto parent = inodes_.find_directory(where);
    if (!parent) continue;
    parent->directory->doubt(name);
    parent->directory->doubt_listing();
  }
}

void MountedTree::tell_kernel_of_all_below(const Location& below, const std::vector<Step>& steps) {
  const auto inside = below.to_string();
  auto concerned = nodes_below(below);
  // the deepest first: should the kernel's queue be too long for all, a directory takes along what is in it
  std::ranges::sort(concerned, std::greater<>(),
                    [](const SharedNode& node) { return node->parent->where().path.size(); });
  for (const auto& node : concerned) {
    if (node->is_directory()) drop_absent(*node->directory);
    if (place_of(*node) != inside) tell_kernel(node->parent->inode(), node->entry.name);
  }
  if (const auto top = inodes_.find(root_inode)->directory; top->where() == below) return drop_absent(*top);

  for (const auto& [where, name] : steps) {
    // also where it knows that there is no such name
    if (const auto parent = inodes_.find_directory(where)) tell_kernel(parent->id, name);
  }
}

std::vector<SharedNode> MountedTree::nodes_below(const Location& below) const {
  const auto inside = below.to_string();
  return inodes_.all(
      [&](const Node& node) { return below.is_account() || place_of(node).starts_with(inside); });
}

/// Of what may be a directory.
Location MountedTree::location_of(const std::string& path) {
  const auto top = inodes_.find(root_inode)->directory->where();
  auto place = Location{top.container, top.path + path};
  if (top.is_account() && !path.empty()) {
    const auto slash = std::min(path.find('/'), path.size());
    place = {path.substr(0, slash), path.substr(std::min(slash + 1, path.size()))};
  }
  if (!place.path.empty() && !place.path.ends_with('/')) place.path += '/';
  return place;
}

/// What the kernel believes to be absent in `directory`, it is to ask for again.
void MountedTree::drop_absent(Directory& directory) {
  for (const auto& name : directory.take_noted_absent()) tell_kernel(directory.inode(), name);
}

void MountedTree::when_kernel_knows(std::function<void()> done) {
  KernelCache* kernel = nullptr;
  {
    const MutexLock lock(kernel_mutex_);
    kernel = kernel_;
  }
  // no lock is held: `done` may run at once, and may call serve()
  if (kernel != nullptr) return kernel->when_told(std::move(done));
  done();
}

}  // namespace blobmount
