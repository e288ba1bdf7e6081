#include "blob/list_xml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "fakes/list_xml.hpp"

namespace blobmount::tests {
namespace {

using testing::HasSubstr;
using testing::Pair;

std::string list_of(const std::string& entries, const std::string& end = "<NextMarker />") {
  return "\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults "
         "ServiceEndpoint=\"https://a.blob.core.windows.net/\" "
         "ContainerName=\"docs\"><MaxResults>5000</MaxResults>"
         "<Blobs>" +
         entries + "</Blobs>" + end + "</EnumerationResults>";
}

std::string blob_of(const std::string& name_element, const std::string& more_properties = "",
                    const std::string& after = "") {
  return "<Blob>" + name_element +
         "<Properties><Creation-Time>Thu, 25 Jun 2015 00:00:00 GMT</Creation-Time>"
         "<Last-Modified>Fri, 26 Jun 2015 23:39:12 GMT</Last-Modified><Etag>0x8D27E4</Etag>"
         "<Content-Length>12</Content-Length><Content-Type>text/plain</Content-Type>" +
         more_properties + "</Properties>" + after + "</Blob>";
}

std::string named(const std::string& name) { return "<Name>" + name + "</Name>"; }

ListedBlob only_blob(const std::string& entry) {
  const auto page = parse_blob_page(list_of(entry));
  if (!page) {
    ADD_FAILURE() << page.error().message;
    return {};
  }
  EXPECT_EQ(page->blobs.size(), 1U);
  return page->blobs.empty() ? ListedBlob{} : page->blobs.front();
}

Error error_of(const std::string& body) {
  const auto page = parse_blob_page(body);
  EXPECT_FALSE(page) << body;
  return page ? Error{} : page.error();
}

TEST(ListXml, ABlobIsReadWithItsProperties) {
  const auto blob = only_blob(blob_of(named("a/b.txt"), "<AccessTier>Cool</AccessTier>"));

  EXPECT_EQ(blob.name, "a/b.txt");
  EXPECT_EQ(blob.properties.etag, "\"0x8D27E4\"");
  EXPECT_EQ(blob.properties.size, 12U);
  EXPECT_EQ(blob.properties.last_modified, WallTime{std::chrono::seconds{1'435'361'952}});
  EXPECT_EQ(blob.properties.details.access_tier, "Cool");
  EXPECT_FALSE(blob.properties.is_directory_marker);
}

TEST(ListXml, WhatElseTheServiceSaysOfABlobIsKept) {
  const auto details =
      only_blob(blob_of(named("a"),
                        "<Content-Encoding /><Content-MD5>sQqNsWTgdUEFt6mb5y4/5Q==</Content-MD5>"
                        "<Cache-Control /><BlobType>AppendBlob</BlobType><AccessTier>Cold</AccessTier>",
                        "<Metadata><Owner>a &amp; b</Owner><empty /><a>1</a></Metadata><OrMetadata />"
                        "<VersionId>2026-11-23T21:26:14.0000000Z</VersionId>"))
          .properties.details;

  EXPECT_EQ(details.type, "AppendBlob");
  EXPECT_EQ(details.access_tier, "Cold");
  EXPECT_EQ(details.content_type, "text/plain");
  EXPECT_EQ(details.content_md5, "sQqNsWTgdUEFt6mb5y4/5Q==");
  EXPECT_EQ(details.version_id, "2026-11-23T21:26:14.0000000Z");
  EXPECT_THAT(details.metadata,
              testing::ElementsAre(Pair("Owner", "a & b"), Pair("a", "1"), Pair("empty", "")));
}

TEST(ListXml, WhatTheServiceDoesNotSayOfABlobIsEmpty) {
  const auto details = only_blob(blob_of(named("a"), "<Content-MD5 /><BlobType></BlobType>", "<Metadata />"))
                           .properties.details;

  EXPECT_EQ(details, (BlobDetails{.content_type = "text/plain"}));
}

TEST(ListXml, AFieldOfMetadataThatHasNoValueHereIsLeftOut) {
  const auto metadata =
      only_blob(
          blob_of(named("a"), "", "<Metadata><x-ms-invalid-name>1 b</x-ms-invalid-name><c>d</c></Metadata>"))
          .properties.details.metadata;

  EXPECT_THAT(metadata, testing::ElementsAre(Pair("c", "d")));
}

TEST(ListXml, BlobsPrefixesAndMarkerComeTogether) {
  const auto page = parse_blob_page(
      list_of(blob_of(named("a")) + "<BlobPrefix><Name>b/</Name></BlobPrefix>" + blob_of(named("c")),
              "<NextMarker>2!84!x</NextMarker>"));

  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->blobs.size(), 2U);
  EXPECT_EQ(page->blobs[1].name, "c");
  EXPECT_THAT(page->prefixes, testing::ElementsAre("b/"));
  EXPECT_EQ(page->next_marker, "2!84!x");
}

TEST(ListXml, AnEmptyPageMayHaveAMarker) {
  const auto page = parse_blob_page(list_of("", "<NextMarker>more</NextMarker>"));

  ASSERT_TRUE(page) << page.error().message;
  EXPECT_TRUE(page->blobs.empty());
  EXPECT_EQ(page->next_marker, "more");
}

TEST(ListXml, WhiteSpaceInANameIsKept) {
  for (const std::string name : {" ", "\n", "\t", " leading", "trailing ", "  ", "a\r\nb", "\r"}) {
    EXPECT_EQ(only_blob(blob_of(named(name))).name, name);
  }
  EXPECT_EQ(only_blob(blob_of(named("a&#xD;&#xA;b"))).name, "a\r\nb");
}

TEST(ListXml, NamesWithMarkupAreRead) {
  EXPECT_EQ(only_blob(blob_of(named("&lt;a&gt; &amp;amp; &quot;b&quot; &apos;"))).name, "<a> &amp; \"b\" '");
  EXPECT_EQ(only_blob(blob_of(named("<![CDATA[<a> & ]]>"))).name, "<a> & ");
  EXPECT_EQ(only_blob(blob_of(named("100%41 a+b \xc3\xa9 \xf0\x9f\x98\x80"))).name,
            "100%41 a+b \xc3\xa9 \xf0\x9f\x98\x80");
}

TEST(ListXml, ANameThatXmlCannotHoldIsDecoded) {
  EXPECT_EQ(only_blob(blob_of("<Name Encoded=\"true\">100%25%EF%BF%BE%20/x+y</Name>")).name,
            "100%\xef\xbf\xbe /x+y");
  EXPECT_EQ(only_blob(blob_of("<Name Encoded=\"false\">%41</Name>")).name, "%41");

  const auto page =
      parse_blob_page(list_of("<BlobPrefix><Name Encoded=\"true\">%EF%BF%BF/</Name></BlobPrefix>"));
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_THAT(page->prefixes, testing::ElementsAre("\xef\xbf\xbf/"));
}

TEST(ListXml, ADirectoryMarkerIsKnownByItsMetadataInAnyCase) {
  const auto marked = [](const std::string& metadata) {
    return only_blob(blob_of(named("dir"), "", "<Metadata>" + metadata + "</Metadata>"))
        .properties.is_directory_marker;
  };

  EXPECT_TRUE(marked("<hdi_isfolder>true</hdi_isfolder>"));
  EXPECT_TRUE(marked("<other>x</other><Hdi_isfolder>True</Hdi_isfolder>"));
  EXPECT_FALSE(marked("<hdi_isfolder>false</hdi_isfolder>"));
  EXPECT_FALSE(marked("<hdi_isfolder />"));
  EXPECT_FALSE(marked(""));
  EXPECT_TRUE(only_blob(blob_of(named("dir"), "<ResourceType>directory</ResourceType>"))
                  .properties.is_directory_marker);
}

TEST(ListXml, ContainersAreRead) {
  const auto page = parse_container_page(
      "<?xml version=\"1.0\"?><EnumerationResults><Containers><Container><Name>$root</Name><Properties>"
      "<Last-Modified>Fri, 26 Jun 2015 23:39:12 "
      "GMT</Last-Modified><Etag>\"0x8D\"</Etag></Properties></Container>"
      "</Containers><NextMarker>/a/docs</NextMarker></EnumerationResults>");

  ASSERT_TRUE(page) << page.error().message;
  ASSERT_EQ(page->containers.size(), 1U);
  EXPECT_EQ(page->containers[0].name, "$root");
  EXPECT_EQ(page->containers[0].last_modified, WallTime{std::chrono::seconds{1'435'361'952}});
  EXPECT_EQ(page->next_marker, "/a/docs");
}

TEST(ListXml, WhatIsNotAListSaysThatAStrangerAnswers) {
  for (const auto* body :
       {"", "hello", "<!DOCTYPE html><html><head><meta charset=utf-8></head>", "<html></html>",
        "{\"error\":1}", "<?xml version=\"1.0\"?><html><body/></html>", "\xEF\xBB\xBF"}) {
    const auto error = error_of(body);
    EXPECT_EQ(error.code, ErrorCode::corrupt);
    EXPECT_THAT(error.message, HasSubstr("the answer is not from Azure Blob Storage")) << body;
  }
}

TEST(ListXml, AListThatEndsEarlyIsNotTakenForAShorterOne) {
  const auto whole = list_of(blob_of(named("a")) + blob_of(named("b")));
  ASSERT_TRUE(parse_blob_page(whole));

  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(error_of(whole.substr(0, length)).code, ErrorCode::corrupt) << length;
  }
}

TEST(ListXml, AMissingPartIsNamed) {
  EXPECT_THAT(error_of("<?xml version=\"1.0\"?><EnumerationResults/>").message, HasSubstr("Blobs"));
  EXPECT_THAT(error_of(list_of("<Blob></Blob>")).message, HasSubstr("a Blob without a name"));
  EXPECT_THAT(error_of(list_of("<BlobPrefix><Name/></BlobPrefix>")).message, HasSubstr("without a name"));
  EXPECT_THAT(error_of(list_of("<Blob><Name>x</Name></Blob>")).message, HasSubstr("no usable Etag for 'x'"));
  EXPECT_THAT(error_of(list_of("<Blob><Name>x</Name><Properties><Etag>1</Etag></Properties></Blob>")).message,
              HasSubstr("Content-Length"));
  EXPECT_THAT(
      error_of(list_of("<Blob><Name>x</Name><Properties><Etag>1</Etag><Content-Length>-1</Content-Length>"
                       "</Properties></Blob>"))
          .message,
      HasSubstr("Content-Length"));
  EXPECT_THAT(
      error_of(list_of("<Blob><Name>x</Name><Properties><Etag>1</Etag><Content-Length>1</Content-Length>"
                       "<Last-Modified>today</Last-Modified></Properties></Blob>"))
          .message,
      HasSubstr("Last-Modified"));
  EXPECT_THAT(error_of(list_of(blob_of("<Name Encoded=\"true\">100%</Name>"))).message,
              HasSubstr("percent-encoding"));
}

/// A page and what was known of it early say the same.
void expect_early(const std::string& body, const std::string& marker) {
  const auto page = parse_blob_page(body);
  ASSERT_TRUE(page) << page.error().message;
  EXPECT_EQ(page->next_marker, marker);
  EXPECT_EQ(next_marker_of(body).value_or(""), marker) << body.substr(body.size() - 200);
}

TEST(ListXml, TheNextMarkerIsKnownBeforeThePageIsParsed) {
  expect_early(list_of(blob_of(named("a")), "<NextMarker>2!84!x</NextMarker>"), "2!84!x");
  expect_early(list_of("", "<NextMarker>more</NextMarker>"), "more");
  expect_early(list_of("", "\r\n <NextMarker>more</NextMarker>\r\n") + "\r\n", "more");
  expect_early(list_of("", "<NextMarker> a  b </NextMarker>"), " a  b ");
  expect_early(
      "<?xml version=\"1.0\"?><EnumerationResults><Blobs /><NextMarker>m</NextMarker></EnumerationResults>",
      "m");
  expect_early(list_of("", "<NextMarker>&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&#xe9;&amp;amp;</NextMarker>"),
               "<>&\"'AB\xc3\xa9&amp;");

  for (const std::size_t length : {1U, 100U, 1024U, 9000U}) {
    const std::string marker(length, 'm');
    expect_early(list_of(blob_of(named("a")), "<NextMarker>" + marker + "</NextMarker>"), marker);
  }
}

TEST(ListXml, APageWithoutANextMarkerTellsNone) {
  for (const auto* end : {"<NextMarker />", "<NextMarker/>", "<NextMarker></NextMarker>", ""}) {
    expect_early(list_of(blob_of(named("a")), end), "");
  }
  expect_early(list_of(blob_of(named("&lt;NextMarker&gt;x&lt;/NextMarker&gt;"))), "");
  expect_early(list_of(blob_of(named("<![CDATA[<NextMarker>x</NextMarker></EnumerationResults>]]>"))), "");
  expect_early(list_of(blob_of(named("a"), "", "<Metadata><NextMarker>x</NextMarker></Metadata>")), "");
}

TEST(ListXml, AMarkerIsNotToldOfWhatIsNoWholePage) {
  const auto whole = list_of(blob_of(named("a")), "<NextMarker>2!84!x</NextMarker>");

  ASSERT_EQ(next_marker_of(whole), "2!84!x");
  for (std::size_t length = 0; length < whole.size(); ++length) {
    EXPECT_EQ(next_marker_of(whole.substr(0, length)), std::nullopt) << length;
  }
  for (const auto* body :
       {"</NextMarker></EnumerationResults>", "x</NextMarker></EnumerationResults>",
        "<NextMarker><b>x</b></NextMarker></EnumerationResults>",
        "<![CDATA[<NextMarker>]]>x</NextMarker></EnumerationResults>",
        "<!-- <NextMarker> -->x</NextMarker></EnumerationResults>", "<html>Sign in</html>", "   "}) {
    EXPECT_EQ(next_marker_of(body), std::nullopt) << body;
  }
}

TEST(ListXml, TheMarkersOfTheFakeServiceAreKnownEarly) {
  const SyntheticFolder folder{.prefix = "d/", .blobs = 100};
  for (std::uint64_t items = 0; items < 4; ++items) {
    CatalogPage page;
    for (std::uint64_t i = 0; i < items; ++i) page.items.push_back({folder.name(i), folder.blob(i)});
    const ListHead head{.endpoint = "http://a/", .container = "c", .prefix = "d/"};
    expect_early(list_blobs_xml(head, page, true), "");
    page.next = "d/<K\xc3\xa4se>";
    expect_early(list_blobs_xml(head, page, true), marker_of(page.next));
  }
}

}  // namespace
}  // namespace blobmount::tests
