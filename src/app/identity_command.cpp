#include "app/identity_command.hpp"

#include <array>
#include <ctime>

#include "app/access_check.hpp"
#include "app/signer.hpp"
#include "app/tower.hpp"
#include "auth/token_claims.hpp"
#include "base/open_log.hpp"

namespace blobmount {
namespace {

constexpr auto patience = std::chrono::seconds{30};

std::string shown(WallTime time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 64> text{};
  const auto size = std::strftime(text.data(), text.size(), "%F %T UTC", &utc);
  return {text.data(), size};
}

std::string shown(std::chrono::seconds left) {
  const auto minutes = std::chrono::floor<std::chrono::minutes>(left).count();
  return minutes < 60 ? std::to_string(minutes) + " min"
                      : std::to_string(minutes / 60) + " h " + std::to_string(minutes % 60) + " min";
}

void add_if_said(Report& report, const char* subject, const std::string& text) {
  if (!text.empty()) report.add(Finding::ok, subject, text);
}

void report_token(Report& report, const AccessToken& token, Clock& clock) {
  const auto claims = claims_of(token.value);
  add_if_said(report, "tenant", claims.tenant);
  add_if_said(report, "application", claims.application);
  add_if_said(report, "object", claims.object);
  add_if_said(report, "resource", claims.resource);
  add_if_said(report, "audience", claims.audience);
  const auto left = std::chrono::duration_cast<std::chrono::seconds>(token.expires - clock.now());
  report.add(Finding::ok, "expires", shown(clock.wall_now() + left) + " (in " + shown(left) + ")");
}

/// False: there is no use in asking the service.
bool report_credential(Report& report, const Signer& signer, Network& network) {
  // which of several it is, is known when there is a token
  const auto first = signer.keeper ? signer.keeper->wait_for_first(patience) : Status();
  report.add(Finding::ok, "credential", signer.identity());
  if (!signer.keeper) return true;
  const auto token = first ? signer.keeper->current() : Result<AccessToken>(first.error());
  if (!token) {
    report.add(Finding::failed, "token", token.error().message);
    return false;
  }
  report_token(report, *token, network.clock);
  return true;
}

}  // namespace

Report report_identity(const ConfigReport& given) {
  Report report;
  if (!given.credential) {
    report.add(Finding::failed, "credential", given.credential.error().message);
    return report;
  }
  const auto& config = given.config;
  const auto log = log_to_stderr(LogLevel::error);
  Network network(config, *log);
  auto signer = make_signer(config, network.observed, network.clock, *log);
  if (!signer) {
    report.add(Finding::failed, "credential", signer.error().message);
    return report;
  }
  report.add(Finding::ok, "chosen by", config.credential_origin);
  for (const auto& passed_over : config.credential_tried) report.add(Finding::ok, "before it", passed_over);
  for (const auto& warning : config.warnings) report.add(Finding::note, "warning", warning);
  if (!signer->endpoint.empty()) report.add(Finding::ok, "endpoint", signer->endpoint);

  const bool usable = report_credential(report, *signer, network);
  if (!usable || config.source.account.empty()) return report;
  const auto place =
      config.source.account + (config.source.container.empty() ? "" : "/" + config.source.container);
  if (const auto access = check_access(config, network, *signer, *log); access) {
    report.add(Finding::ok, "access", "may list '" + place + "'");
  } else {
    report.add(Finding::failed, "access", "'" + place + "': " + access.error().message);
  }
  return report;
}

}  // namespace blobmount
