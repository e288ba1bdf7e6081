#include "tree/mounted_tree.hpp"

#include <algorithm>
#include <utility>

#include "file/file_reader.hpp"

namespace blobmount {
namespace {

/// stat may show what is ten times as old as what open accepts.
constexpr int listing_age_factor = 10;

/// A name for the place, not for the version, that is the same on every mount and host: FNV-1a.
/// http://www.isthe.com/chongo/tech/comp/fnv/
std::uint64_t number_of(const Location& parent, const KnownEntry& entry) {
  std::uint64_t hash = 14695981039346656037U;
  const auto add = [&hash](std::string_view text) {
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  };
  add(parent.container);
  add("/");
  add(parent.path);
  add(entry.name);
  return std::max<std::uint64_t>(hash, root_inode + 1);
}

Error no_longer_known() { return {ErrorCode::changed, "the inode is no longer known"}; }

}  // namespace

/// A snapshot, and the way from its entries to inodes.
class MountedTree::Opened final : public OpenDirectory {
 public:
  Opened(MountedTree& tree, std::shared_ptr<Directory> directory, SharedSnapshot snapshot)
      : tree_(tree), directory_(std::move(directory)), snapshot_(std::move(snapshot)) {}

  void wait_for(std::size_t /*index*/, Completion<std::size_t> done) override {
    done(snapshot_->entries().size());
  }

  [[nodiscard]] Item item(std::size_t index) const override {
    const auto& entry = snapshot_->entries()[index];
    return {entry.name, entry.kind, number_of(directory_->where(), entry)};
  }

  Entry look_up(std::size_t index) override {
    return tree_.enter(directory_, snapshot_->entries()[index], snapshot_->told());
  }

 private:
  MountedTree& tree_;
  const std::shared_ptr<Directory> directory_;
  const SharedSnapshot snapshot_;
};

MountedTree::MountedTree(BlobStore& store, MemoryTier& memory, Clock& clock, Log& log,
                         const TreeConfig& config, const MountSource& source)
    : store_(store),
      memory_(memory),
      snapshots_(memory.budget()),
      clock_(clock),
      log_(log),
      lookup_age_{
          .present = config.attr_ttl * listing_age_factor, .absent = config.attr_ttl, .since_told = true},
      open_age_{.present = config.attr_ttl, .absent = config.attr_ttl},
      mounted_(clock.wall_now()),
      inodes_(make_directory({source.container, source.prefix})) {}

std::shared_ptr<Directory> MountedTree::make_directory(Location where) {
  return std::make_shared<Directory>(store_, snapshots_, clock_, log_, std::move(where));
}

void MountedTree::look_up(InodeId parent, const std::string& name, Completion<Lookup> done) {
  const auto node = inodes_.find(parent);
  if (!node) return done(no_longer_known());
  if (!node->is_directory())
    return done(Error{ErrorCode::not_a_directory, "'" + node->entry.name + "' is a file"});
  if (name.size() > longest_file_name) return done(Error{ErrorCode::name_too_long, "look up '" + name + "'"});

  node->directory->look_up(name, lookup_age_,
                           [this, parent = node->directory, done = std::move(done)](Result<Found> found) {
                             if (!found) return done(std::move(found).error());
                             if (!found->entry)
                               return done(Lookup{.absent_for = time_left(found->asked, lookup_age_.absent)});
                             done(Lookup{.entry = enter(parent, *found->entry, found->told)});
                           });
}

Entry MountedTree::enter(const std::shared_ptr<Directory>& parent, const KnownEntry& entry, SteadyTime told) {
  const auto node =
      inodes_.look_up(parent, entry, [this](Location where) { return make_directory(std::move(where)); });
  return {attributes_of(*node), time_left(told, lookup_age_.present)};
}

Duration MountedTree::time_left(SteadyTime since, Duration age) const {
  return std::max(Duration{0}, std::chrono::duration_cast<Duration>(since + age - clock_.now()));
}

Attributes MountedTree::attributes_of(const Node& node) const {
  return {.inode = node.id,
          .number = node.parent ? number_of(node.parent->where(), node.entry) : root_inode,
          .kind = node.entry.kind,
          .size = node.entry.size,
          .modified = node.entry.modified.value_or(mounted_)};
}

Result<Attributes> MountedTree::attributes(InodeId inode) {
  const auto node = inodes_.find(inode);
  if (!node) return no_longer_known();
  return attributes_of(*node);
}

void MountedTree::open(InodeId inode, Completion<std::shared_ptr<OpenFile>> done) {
  const auto node = inodes_.find(inode);
  if (!node) return done(no_longer_known());
  if (node->is_directory())
    return done(Error{ErrorCode::is_a_directory, "'" + node->entry.name + "' is a directory"});

  node->parent->look_up(
      node->entry.name, open_age_, [this, node, done = std::move(done)](Result<Found> found) {
        if (!found) return done(std::move(found).error());
        const bool same_version = found->entry && found->entry->etag == node->entry.etag;
        if (!same_version)
          return done(Error{ErrorCode::changed, "'" + node->entry.name + "' is another version by now"});
        done(open_version(node));
      });
}

std::shared_ptr<OpenFile> MountedTree::open_version(const SharedNode& node) {
  const auto where = node->parent->where().child_file(node->entry.name);
  auto version = std::make_shared<const BlobVersion>(
      BlobVersion{where.container, where.path, node->entry.etag, node->entry.size});
  return std::make_shared<FileReader>(memory_, std::move(version),
                                      [node] { node->parent->doubt(node->entry.name); });
}

void MountedTree::open_directory(InodeId inode, Completion<std::shared_ptr<OpenDirectory>> done) {
  const auto node = inodes_.find(inode);
  if (!node) return done(no_longer_known());
  if (!node->is_directory())
    return done(Error{ErrorCode::not_a_directory, "'" + node->entry.name + "' is a file"});

  node->directory->list(open_age_.present, [this, directory = node->directory,
                                            done = std::move(done)](Result<SharedSnapshot> snapshot) {
    if (!snapshot) return done(std::move(snapshot).error());
    done(std::make_shared<Opened>(*this, directory, *std::move(snapshot)));
  });
}

void MountedTree::extended_attributes(InodeId inode, Completion<std::vector<ExtendedAttribute>> done) {
  const auto node = inodes_.find(inode);
  if (!node) return done(no_longer_known());
  if (node->is_directory()) return done(std::vector<ExtendedAttribute>());
  done(std::vector<ExtendedAttribute>{{"user.blob.etag", node->entry.etag}});
}

void MountedTree::refresh(const std::string& /*path*/) {}

}  // namespace blobmount
