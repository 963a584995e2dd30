#include "campaigns/contact_list.hpp"

#include <boost/test/unit_test.hpp>

#include "tests/campaigns/some_zones.hpp"

BOOST_AUTO_TEST_SUITE(contact_list)

using namespace campaigns;

namespace {

const ZoneRules& rules() {
  static const ZoneRules all = some_zones();
  return all;
}

Campaign a_campaign() {
  Campaign c;
  c.kind = Kind::notification;
  c.contacts.file = "list.csv";
  c.contacts.region = "IT";
  c.contacts.number_column = "Telefono";
  c.greeting.by_language = {{"it-IT", "Ciao {{Nome}}"}, {"en-GB", "Hello"}};
  return c;
}

// Each row as "row number zone language |value|value", each rejection as "row !reason@column".
std::vector<std::string> read_all(Result<ContactListReader> reader) {
  std::vector<std::string> out;
  if (!reader.ok()) {
    for (const Problem& problem : reader.error())
      out.push_back(problem.where + ": " + problem.what);
    return out;
  }
  ContactRow row;
  RejectedRow rejected;
  while (true) {
    switch (reader->next(row, rejected)) {
      case ContactListReader::Next::end:
        return out;
      case ContactListReader::Next::rejected:
        BOOST_TEST(!rejected.what.empty());
        out.push_back(std::to_string(rejected.row) + " !" + rejected.reason + '@' +
                      rejected.column);
        break;
      case ContactListReader::Next::row: {
        std::string line =
            std::to_string(row.row) + ' ' + row.number + ' ' + row.zone + ' ' + row.language + ' ';
        for (const auto value : row.values) line += '|' + std::string(value);
        out.push_back(line);
        break;
      }
    }
  }
}

std::vector<std::string> read_csv(const Campaign& campaign, std::string_view text) {
  return read_all(ContactListReader::open_csv(campaign, rules(), text));
}

void check(const std::vector<std::string>& read, const std::vector<std::string>& expected) {
  BOOST_TEST(read == expected, boost::test_tools::per_element());
}

}  // namespace

BOOST_AUTO_TEST_CASE(rows_without_the_consent_that_is_required_cannot_be_used) {
  Campaign campaign = a_campaign();
  campaign.contacts.consent_source_column = "Fonte";
  campaign.contacts.consent_date_column = "Dal";
  const std::string text =
      "Nome,Telefono,Fonte,Dal\n"
      "Anna,3331234567,modulo,01/11/2025\n"
      "Bea,3331234568, ,2025-11-01\n"
      "Ciro,3331234569,modulo,\n"
      "Dino,3331234560,modulo,31/02/2025\n";
  const auto row = [](int line, const char* number, const char* cells) {
    return std::to_string(line) + " +39333123456" + number + " Europe/Rome it-IT |" + cells;
  };
  const auto anna = row(2, "7", "Anna|3331234567|modulo|01/11/2025");
  const auto bea = row(3, "8", "Bea|3331234568||2025-11-01");
  const auto ciro = row(4, "9", "Ciro|3331234569|modulo|");
  check(read_csv(campaign, text), {anna, bea, ciro, "5 !bad_consent_date@Dal"});
  campaign.consent.required = true;
  check(read_csv(campaign, text),
        {anna, "3 !no_consent@Fonte", "4 !no_consent@Dal", "5 !bad_consent_date@Dal"});
  // What holds for everybody fills the gaps.
  campaign.consent.source = "contratto";
  check(read_csv(campaign, text), {anna, bea, "4 !no_consent@Dal", "5 !bad_consent_date@Dal"});
  campaign.contacts.consent_source_column = "Provenienza";
  check(read_csv(campaign, text),
        {R"(/contacts/columns/consent_source: the list has no column "Provenienza")"});
}

BOOST_AUTO_TEST_CASE(a_list_as_excel_in_italy_saves_it_is_read) {
  const Campaign campaign = a_campaign();
  const std::string text =
      "Nome;Telefono;Citt\xE0;Note\r\n"
      " Niccol\xF2 ;333/1234567;Forl\xEC;\"36 \x80; \"\"sub\xECto\"\"\"\r\n"
      ";;;\r\n"
      "\r\n"
      "Anna;+39 06 4991 2345;Roma;\"due\r\nrighe\"\r\n"
      "Ugo;0039 333 1234568;;";
  auto reader = ContactListReader::open_csv(campaign, rules(), text);
  BOOST_TEST_REQUIRE(reader.ok());
  BOOST_TEST(reader->encoding() == "windows-1252");
  BOOST_TEST(reader->delimiter() == ';');
  BOOST_TEST(reader->columns().at(2) == "Città");
  check(read_all(std::move(reader)),
        {"2 +393331234567 Europe/Rome it-IT |Niccolò|333/1234567|Forlì|36 €; \"subìto\"",
         "5 +390649912345 Europe/Rome it-IT |Anna|+39 06 4991 2345|Roma|due\r\nrighe",
         "7 +393331234568 Europe/Rome it-IT |Ugo|0039 333 1234568||"});
}

BOOST_AUTO_TEST_CASE(utf_8_with_and_without_its_mark_gives_the_same) {
  const std::string text = "Telefono,Nome\n3331234567,Niccolò\n";
  const std::vector<std::string> expected{"2 +393331234567 Europe/Rome it-IT |3331234567|Niccolò"};
  const Campaign campaign = a_campaign();
  check(read_csv(campaign, text), expected);
  check(read_csv(campaign, "\xEF\xBB\xBF" + text), expected);
  check(read_csv(campaign, "sep=;\r\nTelefono;Nome\r\n3331234567;Niccolò\r\n"),
        {"3 +393331234567 Europe/Rome it-IT |3331234567|Niccolò"});
  check(read_csv(campaign, "Telefono\tNome\n3331234567\tNiccolò\n"), expected);
}

BOOST_AUTO_TEST_CASE(the_encoding_named_is_the_one_used) {
  Campaign campaign = a_campaign();
  const std::string text = "Telefono,Nome\n3331234567,a\xC3\xA9\n";
  campaign.contacts.encoding = "windows-1252";
  check(read_csv(campaign, text), {"2 !doubly_encoded@Nome"});
  campaign.contacts.encoding = "utf-8";
  check(read_csv(campaign, text), {"2 +393331234567 Europe/Rome it-IT |3331234567|aé"});
  check(read_csv(campaign, "Telefono,Nome\n1,a\n2,\xE9\n"), {"list.csv: line 3 is not UTF-8"});
  campaign.contacts.encoding = "auto";
  check(read_csv(campaign, "Telefono,Nome\n1,\xE9\x81\n"),
        {"list.csv: the file is neither UTF-8 (line 2) nor Windows-1252"});
}

BOOST_AUTO_TEST_CASE(a_stray_byte_does_not_make_a_list_windows_1252) {
  const Campaign campaign = a_campaign();
  check(read_csv(campaign, "Telefono,Nome\n3331234567,Niccolò\n3331234568,Cit\xC3\n"),
        {"list.csv: line 3 is not UTF-8, though others are"});
  check(
      read_csv(campaign, "Telefono,Nome\r3331234567,Cit\xC3\r3331234568,Niccolò\r3331234569,Noè\r"),
      {"list.csv: line 2 is not UTF-8, though others are"});
  // É and » happen to be a letter of UTF-8, too.
  check(read_csv(campaign, "Telefono,Nome\n3331234567,No\xE8\n3331234568,\xABJOS\xC9\xBB\n"),
        {"2 +393331234567 Europe/Rome it-IT |3331234567|Noè",
         "3 +393331234568 Europe/Rome it-IT |3331234568|«JOSÉ»"});
}

BOOST_AUTO_TEST_CASE(letters_of_a_mac_are_not_taken_for_others) {
  Campaign campaign = a_campaign();
  const std::string text = "Telefono;Nome\r3331234567;Anna\r3331234568;M\x9Fller\r";
  check(read_csv(campaign, text),
        {"list.csv: line 3 has a letter of Mac OS Roman, which is not read"});
  campaign.contacts.encoding = "windows-1252";
  check(read_csv(campaign, text), {"2 +393331234567 Europe/Rome it-IT |3331234567|Anna",
                                   "3 +393331234568 Europe/Rome it-IT |3331234568|MŸller"});
  campaign.contacts.encoding = "auto";
  check(read_csv(campaign, "Telefono;Nome\n3331234567;\x8Aimi\xE8\n"),
        {"2 +393331234567 Europe/Rome it-IT |3331234567|Šimiè"});
  check(read_csv(campaign, "Telefono;Nome\n3331234567;36 \x80 \x96 \x8A\n"),
        {"2 +393331234567 Europe/Rome it-IT |3331234567|36 € – Š"});
}

namespace {

std::string as_utf16(std::u16string_view text, bool low_first) {
  std::string bytes;
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xFFU);
    const char high = static_cast<char>(unit >> 8U);
    bytes += low_first ? low : high;
    bytes += low_first ? high : low;
  }
  return bytes;
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_excel_calls_unicode_text_is_read) {
  Campaign campaign = a_campaign();
  for (const bool low_first : {true, false}) {
    const std::string text =
        as_utf16(u"\uFEFFNome\tTelefono\r\nNiccolò 😀\t3331234567\r\n", low_first);
    auto reader = ContactListReader::open_csv(campaign, rules(), text);
    BOOST_TEST_REQUIRE(reader.ok());
    BOOST_TEST(reader->encoding() == "utf-16");
    BOOST_TEST(reader->delimiter() == '\t');
    check(read_all(std::move(reader)), {"2 +393331234567 Europe/Rome it-IT |Niccolò 😀|3331234567"});
  }
  check(read_csv(campaign, "\xFF\xFET"),
        {"list.csv: the file is UTF-16, and a letter of it is cut in two"});
  check(read_csv(campaign, as_utf16(u"Telefono;Nome\n", true)),
        {"list.csv, row 1: the name of column 1 contains NUL",
         "list.csv, row 1: the name of column 2 contains NUL"});
  campaign.contacts.encoding = "utf-8";
  check(read_csv(campaign, as_utf16(u"\uFEFFTelefono;Nome\n", true)),
        {"list.csv: the file is marked as UTF-16, the campaign says utf-8"});
}

BOOST_AUTO_TEST_CASE(each_bad_row_is_rejected_alone_with_row_column_and_reason) {
  const std::string text =
      "Telefono;Nome;Nota\n"
      "3331234567\n"
      "3331234567;Anna;x;y\n"
      "3,93E+11;Anna;\n"
      ";Anna;\n"
      "3331234567;NiccolÃ²;\n"
      "3331234567;Anna;36 â‚¬\n"
      "3331234567;;x\n"
      "112;Anna;\n"
      "\"3331234567\"0;Anna;\n" +
      std::string("3331234567;An\0na;\n", 18) + "3331234567;Anna;" + std::string(4097, 'x') +
      "\n"
      "+34 612 345 678;Anna;\n"
      "3331234567;Anna;fine\n"
      "3331234567;Anna;\"never closed\n"
      "3331234567;Anna;\n";
  check(read_csv(a_campaign(), text),
        {"2 !too_few_fields@", "3 !too_many_fields@", "4 !scientific_notation@Telefono",
         "5 !empty_number@Telefono", "6 !doubly_encoded@Nome", "7 !doubly_encoded@Nota",
         "8 !empty_variable@Nome", "9 !short_number@Telefono", "10 !text_after_quote@Telefono",
         "11 !nul@Nome", "12 !field_too_long@Nota", "13 !no_zone@",
         "14 +393331234567 Europe/Rome it-IT |3331234567|Anna|fine", "15 !unterminated_quote@Nota",
         "16 +393331234567 Europe/Rome it-IT |3331234567|Anna|"});
}

BOOST_AUTO_TEST_CASE(a_quote_that_is_not_closed_takes_nobody_along) {
  const std::string text =
      "Telefono;Nome;Nota\n"
      "3331234561;\"Anna;x\n"
      "3331234562;Ugo;\n"
      "3331234563;Leo\n"
      "3331234564;\"Eva\";y\n"
      "3331234565;Ada\n"
      "3331234566;\"Ida;x\n"
      "3331234567;Elio;4\"\n"
      "3331234568;\"due\nrighe\"\n";
  // Row 4 might be part of a cell, and row 7 holds another: there are no cells to be made up.
  check(read_csv(a_campaign(), text),
        {"2 !unterminated_quote@Nome", "3 +393331234562 Europe/Rome it-IT |3331234562|Ugo|",
         "4 !too_few_fields@", "5 +393331234564 Europe/Rome it-IT |3331234564|Eva|y",
         "6 +393331234565 Europe/Rome it-IT |3331234565|Ada|", "7 !too_few_fields@",
         "9 +393331234568 Europe/Rome it-IT |3331234568|due\nrighe|"});
}

BOOST_AUTO_TEST_CASE(cells_at_the_end_may_be_left_out_where_nothing_reads_them) {
  Campaign campaign = a_campaign();
  const std::string text =
      "Telefono;Nome;Reparto;Nota\n"
      "3331234561;Anna;A\n"
      "3331234562;Ugo\n"
      "3331234563\n";
  check(read_csv(campaign, text),
        {"2 +393331234561 Europe/Rome it-IT |3331234561|Anna|A|",
         "3 +393331234562 Europe/Rome it-IT |3331234562|Ugo||", "4 !too_few_fields@"});
  const std::vector<std::string> only_the_first{
      "2 +393331234561 Europe/Rome it-IT |3331234561|Anna|A|", "3 !too_few_fields@",
      "4 !too_few_fields@"};
  const auto check_with = [&](std::string ContactSource::*column) {
    Campaign reads = campaign;
    reads.contacts.*column = "Reparto";
    const auto read = read_csv(reads, text);
    BOOST_TEST_REQUIRE(read.size() == 3u);
    BOOST_TEST(read[1] == "3 !too_few_fields@");
  };
  for (const auto column : {&ContactSource::id_column, &ContactSource::language_column,
                            &ContactSource::zone_column, &ContactSource::priority_column}) {
    check_with(column);
  }
  Campaign timed = campaign;
  timed.contacts.not_after_columns = {"Telefono", "Reparto"};
  BOOST_TEST(read_csv(timed, text).at(1) == "3 !too_few_fields@");
  Campaign told = campaign;
  told.result_columns.push_back({"Reparto", "reparto", false});
  check(read_csv(told, text), only_the_first);
  Campaign said = campaign;
  said.greeting.by_language["it-IT"] = "Ciao {{Nome}} {{Reparto}}";
  check(read_csv(said, text), only_the_first);
}

BOOST_AUTO_TEST_CASE(no_reason_repeats_a_cell) {
  const std::string text =
      "Telefono;Nome\nZanzibar;Quagliarella\n333123456789;Quagliarella\n3331234567;Quagliarella;"
      "1\n";
  const Campaign campaign = a_campaign();
  auto reader = ContactListReader::open_csv(campaign, rules(), text);
  BOOST_TEST_REQUIRE(reader.ok());
  ContactRow row;
  RejectedRow rejected;
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST_REQUIRE((reader->next(row, rejected) == ContactListReader::Next::rejected));
    for (const char* cell : {"Zanzibar", "Quagliarella", "333123"}) {
      BOOST_TEST(rejected.what.find(cell) == std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_header_that_cannot_be_used_is_a_problem_of_the_whole_list) {
  const Campaign campaign = a_campaign();
  check(read_csv(campaign, ""), {"list.csv: the list is empty"});
  check(
      read_csv(campaign, "Telefon;Nome\n1;2\n"),
      {"/contacts/columns/number: the list has no column \"Telefono\"; did you mean \"Telefon\"?"});
  check(read_csv(campaign, "Telefono;Nome;Nome\n"),
        {"list.csv, row 1: two columns are called \"Nome\""});
  check(read_csv(campaign, "Telefono;;Nome\n"), {"list.csv, row 1: column 2 has no name"});
  check(read_csv(campaign, "Telefono;Cognome\n"),
        {"/message/it-IT: the list has no column \"Nome\""});
  // Names are compared as they are written, here as everywhere.
  Campaign spaced = campaign;
  spaced.contacts.id_column = "Nome ";
  check(read_csv(spaced, "Telefono;Nome\n"),
        {"/contacts/columns/id: the list has no column \"Nome \"; did you mean \"Nome\"?"});
  const std::string elsewhere = ": the names of the columns are here and not in the first row";
  for (const char* text : {"Elenco\n\nTelefono;Nome\n", "\n;\nTelefono;Nome\n"}) {
    check(read_csv(campaign, text), {"list.csv, row 3" + elsewhere});
  }
  check(read_csv(campaign, "Elenco;\n\"dal;\r\nal\"\nTelefono;Nome\n"),
        {"list.csv, row 4" + elsewhere});
  Campaign zoned = campaign;
  zoned.contacts.zone = "Europa/Roma";
  check(read_csv(zoned, "Telefono;Nome\n"),
        {"/contacts/zone: there is no time zone \"Europa/Roma\""});
}

BOOST_AUTO_TEST_CASE(empty_columns_at_the_end_are_no_columns) {
  check(read_csv(a_campaign(),
                 "Telefono;Nome;;\n3331234567;Anna;;\n3331234567;Anna;;x\n3331234567;Anna\n"
                 "3331234567;Anna;;;\n"),
        {"2 +393331234567 Europe/Rome it-IT |3331234567|Anna", "3 !too_many_fields@",
         "4 +393331234567 Europe/Rome it-IT |3331234567|Anna",
         "5 +393331234567 Europe/Rome it-IT |3331234567|Anna"});
  // Nor where the first row does not have them.
  check(read_csv(a_campaign(), "Telefono;Nome\n3331234567;Anna;; \n3331234567;Anna;;x\n"),
        {"2 +393331234567 Europe/Rome it-IT |3331234567|Anna", "3 !too_many_fields@"});
}

BOOST_AUTO_TEST_CASE(a_zone_that_nobody_stated_is_told_from_one_that_the_row_says) {
  Campaign campaign = a_campaign();
  campaign.contacts.zone_column = "Fuso";
  campaign.contacts.zone = "Europe/Madrid";
  campaign.hours.zone = "Europe/Rome";
  const std::string text =
      "Telefono,Nome,Fuso\n3331234567,A,Europe/Rome\n3331234567,A,\n+34 612 345 678,A,\n";
  auto reader = ContactListReader::open_csv(campaign, rules(), text);
  BOOST_TEST_REQUIRE(reader.ok());
  ContactRow row;
  RejectedRow rejected;
  std::string said;
  while (reader->next(row, rejected) == ContactListReader::Next::row) {
    said += row.zone + (row.zone_said ? " said, " : ", ");
  }
  BOOST_TEST(said == "Europe/Rome said, Europe/Rome, Europe/Madrid, ");
}

BOOST_AUTO_TEST_CASE(the_zone_is_the_column_then_the_country_then_the_campaign) {
  Campaign campaign = a_campaign();
  campaign.contacts.zone_column = "Fuso";
  const std::string text =
      "Telefono,Nome,Fuso\n"
      "3331234567,A,Europe/London\n"
      "3331234567,A,\n"
      "3331234567,A,Europa/Roma\n"
      "+34 612 345 678,A,Atlantic/Canary\n"
      "+34 612 345 678,A,\n"
      "+81 90 1234 5678,A,\n";
  check(read_csv(campaign, text),
        {"2 +393331234567 Europe/London it-IT |3331234567|A|Europe/London",
         "3 +393331234567 Europe/Rome it-IT |3331234567|A|", "4 !unknown_zone@Fuso",
         "5 +34612345678 Atlantic/Canary it-IT |+34 612 345 678|A|Atlantic/Canary",
         "6 !no_zone@Fuso", "7 !no_zone@Fuso"});
  campaign.contacts.zone = "Europe/Madrid";
  check(read_csv(campaign, "Telefono,Nome,Fuso\n+34 612 345 678,A,\n3331234567,A,\n"),
        {"2 +34612345678 Europe/Madrid it-IT |+34 612 345 678|A|",
         "3 +393331234567 Europe/Rome it-IT |3331234567|A|"});
}

// By the clock of New York, whoever has a number of another continent would be called at night.
BOOST_AUTO_TEST_CASE(the_campaigns_zone_is_nobodys_whose_country_has_other_clocks) {
  Campaign campaign = a_campaign();
  const std::string text =
      "Telefono,Nome\n"
      "+34 612 345 678,A\n"    // Spain has several zones, and not this one
      "+81 90 1234 5678,A\n";  // none is known of Japan
  const std::string japanese = "3 +819012345678 America/New_York it-IT |+81 90 1234 5678|A";
  campaign.contacts.zone = "America/New_York";
  check(read_csv(campaign, text), {"2 !no_zone@", japanese});
  campaign.hours.zone = "America/New_York";  // the clock that holds for everybody
  check(read_csv(campaign, text),
        {"2 +34612345678 America/New_York it-IT |+34 612 345 678|A", japanese});
  campaign.hours.zone.clear();
  campaign.contacts.zone = "Europe/Rome";  // shows what Madrid's does
  BOOST_TEST(read_csv(campaign, text).at(0) ==
             "2 +34612345678 Europe/Rome it-IT |+34 612 345 678|A");
}

BOOST_AUTO_TEST_CASE(several_numbers_are_read_in_the_order_of_their_columns) {
  Campaign campaign = a_campaign();
  campaign.contacts.other_number_columns = {"Casa", "Ufficio"};
  campaign.contacts.zone_column = "Fuso";
  const ZoneRules rules = some_zones();
  const auto numbers = [&](const std::string& cells) {
    const std::string text = "Telefono,Casa,Ufficio,Fuso,Nome\n" + cells + ",A\n";
    auto reader = ContactListReader::open_csv(campaign, rules, text);
    BOOST_TEST_REQUIRE(reader.ok());
    ContactRow row;
    RejectedRow rejected;
    if (reader->next(row, rejected) == ContactListReader::Next::rejected) {
      return '!' + rejected.reason + '@' + rejected.column;
    }
    auto read = row.number;
    for (const auto& other : row.others) read += ' ' + other;
    for (const auto& bad : row.left_out) read += " -" + bad.reason + '@' + bad.column;
    return read;
  };
  const std::string three = "+393331234567 +390649912345 +393331234568";
  BOOST_TEST(numbers("3331234567,0649912345,3331234568,") == three);
  // Empty cells and the same number again are nothing to complain of.
  BOOST_TEST(numbers(",0649912345,-,") == "+390649912345");
  BOOST_TEST(numbers("3331234567,+39 333 1234567,0649912345,") == "+393331234567 +390649912345");
  BOOST_TEST(numbers(",,,") == "!empty_number@Telefono");
  // One that cannot be called rejects the row, or where bad rows are skipped is left out of it.
  BOOST_TEST(numbers("3331234567,casa,,") == "!letters@Casa");
  BOOST_TEST(numbers("3331234567,+34612345678,,") == "!other_zone@Casa");
  campaign.contacts.bad_rows = BadRows::skip;
  BOOST_TEST(numbers("3331234567,casa,0649912345,") == "+393331234567 +390649912345 -letters@Casa");
  BOOST_TEST(numbers("boh,0649912345,,") == "+390649912345 -letters@Telefono");
  BOOST_TEST(numbers("boh,1.2E5,,") == "!letters@Telefono");
  // Whose zone is said may have numbers of any country that may be called.
  BOOST_TEST(numbers("3331234567,+34612345678,,") == "+393331234567 -other_zone@Casa");
  BOOST_TEST(numbers("3331234567,+34612345678,,Europe/Rome") == "+393331234567 +34612345678");
  // Where the campaign has a clock of its own the person's decides nothing.
  campaign.hours.zone = "Europe/Rome";
  BOOST_TEST(numbers("3331234567,+34612345678,,") == "+393331234567 +34612345678");
  campaign.countries = {"IT"};
  BOOST_TEST(numbers("3331234567,+34612345678,,Europe/Rome") == "+393331234567 -country@Casa");
  // Nobody is there to be called at a number that calls.
  campaign.caller_ids = {"+390649912345", "+34612345678"};
  BOOST_TEST(numbers("3331234567,0649912345,+34612345678,Europe/Rome") ==
             "+393331234567 -own_number@Casa -own_number@Ufficio");
  BOOST_TEST(numbers(",0649912345,,") == "!own_number@Casa");
  campaign.contacts.bad_rows = BadRows::refuse;
  BOOST_TEST(numbers("3331234567,0649912345,,") == "!own_number@Casa");
  campaign.contacts.other_number_columns = {"Casa", "Uficio"};
  const auto opened = ContactListReader::open_csv(campaign, rules, "Telefono,Casa,Ufficio,Nome\n");
  BOOST_TEST_REQUIRE(!opened.ok());
  BOOST_TEST(opened.error().front().where == "/contacts/columns/number/2");
}

BOOST_AUTO_TEST_CASE(a_priority_is_one_digit_or_none) {
  Campaign campaign = a_campaign();
  campaign.contacts.priority_column = "Prima";
  const ZoneRules rules = some_zones();
  const std::string text =
      "Telefono,Nome,Prima\n3331234567,A,1\n3331234568,A,9\n3331234569,A, \n"
      "3331234560,A,0\n3331234561,A,10\n3331234562,A,alta\n3331234563,A,-1\n";
  auto reader = ContactListReader::open_csv(campaign, rules, text);
  BOOST_TEST_REQUIRE(reader.ok());
  std::string read;
  ContactRow row;
  RejectedRow rejected;
  for (bool more = true; more;) {
    switch (reader->next(row, rejected)) {
      case ContactListReader::Next::row:
        read += std::to_string(row.priority) + ' ';
        break;
      case ContactListReader::Next::rejected:
        read += rejected.reason + '@' + rejected.column + ' ';
        break;
      case ContactListReader::Next::end:
        more = false;
    }
  }
  BOOST_TEST(read ==
             "1 9 0 bad_priority@Prima bad_priority@Prima bad_priority@Prima "
             "bad_priority@Prima ");
}

BOOST_AUTO_TEST_CASE(languages_are_matched_however_they_are_written) {
  Campaign campaign = a_campaign();
  campaign.contacts.language_column = "Lingua";
  const auto language = [&](const std::string& cell) {
    auto reader = ContactListReader::open_csv(campaign, rules(), "");
    const std::string text = "Telefono,Nome,Lingua\n3331234567,A," + cell + "\n";
    reader = ContactListReader::open_csv(campaign, rules(), text);
    BOOST_TEST_REQUIRE(reader.ok());
    ContactRow row;
    RejectedRow rejected;
    return reader->next(row, rejected) == ContactListReader::Next::row ? row.language
                                                                       : rejected.reason;
  };
  for (const char* cell : {"", "it", "IT", "it-IT", "it_IT", "IT-it", "it-CH"}) {
    BOOST_TEST(language(cell) == "it-IT", cell);
  }
  for (const char* cell : {"en", "EN", "en_gb", "en-US"}) BOOST_TEST(language(cell) == "en-GB");
  for (const char* cell : {"de", "italiano", "i"}) BOOST_TEST(language(cell) == "unknown_language");
}

BOOST_AUTO_TEST_CASE(a_variable_must_be_there_for_those_who_hear_it) {
  Campaign campaign = a_campaign();
  campaign.contacts.language_column = "Lingua";
  check(read_csv(campaign, "Telefono,Nome,Lingua\n3331234567,,en\n3331234567,,it\n"),
        {"2 +393331234567 Europe/Rome en-GB |3331234567||en", "3 !empty_variable@Nome"});
}

BOOST_AUTO_TEST_CASE(columns_that_conditions_read_must_be_there) {
  Campaign campaign = a_campaign();
  campaign.kind = Kind::survey;
  Question question;
  question.ask_if.op = Condition::Op::negation;
  question.ask_if.parts.emplace_back();
  question.ask_if.parts[0].op = Condition::Op::column_is;
  question.ask_if.parts[0].name = "Reparto";
  campaign.questions.push_back(question);
  check(read_csv(campaign, "Telefono,Nome\n"),
        {"/questions/0/ask_if: the list has no column \"Reparto\""});
}

BOOST_AUTO_TEST_CASE(inline_contacts_are_read_like_rows) {
  Campaign campaign = a_campaign();
  campaign.contacts.file.clear();
  const auto read = [&](std::string_view text) {
    return read_all(ContactListReader::open_array(campaign, rules(), text));
  };
  check(read(R"([{"Telefono": "333 1234567", "Nome": "Anna"},
                 {"Nome": "Ugo", "Eta": 40, "Telefono": 3331234568},
                 {"Telefono": "3331234567"},
                 "x",
                 {"Telefono": "3331234567", "Nome": true},
                 {"Telefono": "3331234567", "Nome": "NiccolÃ²"},
                 {"Telefono": null, "Nome": "A"}])"),
        {"1 +393331234567 Europe/Rome it-IT |333 1234567|Anna|",
         "2 +393331234568 Europe/Rome it-IT |3331234568|Ugo|40", "3 !empty_variable@Nome",
         "4 !not_an_object@", "5 !wrong_type@Nome", "6 !doubly_encoded@Nome",
         "7 !empty_number@Telefono"});
  check(read("[]"), {"/contacts: there are no contacts"});
  for (const char* none : {"[1]", "[null, 2]", "[{}]"}) {
    check(read(none), {"/contacts, row 1: a contact is an object with its columns as members"});
  }
  check(read("{}"), {"/contacts: the contacts are not a JSON array"});
}

namespace {

std::vector<std::string> read_lines(const Campaign& campaign, std::string_view text) {
  return read_all(ContactListReader::open_lines(campaign, rules(), text));
}

std::vector<std::string> read_array(const Campaign& campaign, std::string_view text) {
  return read_all(ContactListReader::open_array(campaign, rules(), text));
}

}  // namespace

BOOST_AUTO_TEST_CASE(json_lines_are_read_one_person_a_line) {
  Campaign campaign = a_campaign();
  campaign.contacts.file = "list.jsonl";
  // Columns are what anybody has, in the order of their first appearance; blank lines count.
  const std::string text =
      "{\"Nome\": \"Anna\", \"Telefono\": \"333 1234567\"}\r\n"
      "\n"
      "  \t\r\n"
      "{\"Telefono\": 3331234568, \"Eta\": 40, \"Nome\": \" Niccol\xC3\xB2 \"}\n"
      "{\"Nome\": \"Ugo\", \"Telefono\": \"3331234569\", \"Peso\": 71.50, \"Eta\": null}";
  const std::vector<std::string> expected{
      "1 +393331234567 Europe/Rome it-IT |Anna|333 1234567||",
      "4 +393331234568 Europe/Rome it-IT |Niccolò|3331234568|40|",
      "5 +393331234569 Europe/Rome it-IT |Ugo|3331234569||71.5"};
  check(read_lines(campaign, text), expected);
  check(read_lines(campaign, "\xEF\xBB\xBF" + text), expected);
  check(read_all(ContactListReader::open(campaign, rules(), text)), expected);
}

BOOST_AUTO_TEST_CASE(a_bad_line_is_rejected_alone) {
  Campaign campaign = a_campaign();
  campaign.contacts.file = "list.jsonl";
  std::string text =
      "{\"Nome\": \"Anna\", \"Telefono\": \"3331234567\"}\n"
      "{\"Nome\": \"Anna\", \"Telefono\": \"33\n"
      "[{\"Nome\": \"Anna\"}]\n"
      "{\"Nome\": \"Anna\", \"Telefono\": \"3331234567\"} {}\n"
      "{\"Nome\": \"Anna\xE8\", \"Telefono\": \"3331234567\"}\n"
      "{\"Nome\": \"Anna\", \"Telefono\": \"3331234567\", \"Telefono\": \"3331234568\"}\n"
      "{\"Nome\": [\"Anna\"], \"Telefono\": \"3331234567\"}\n"
      "{\"Nome\": \"An\\u0000na\", \"Telefono\": \"3331234567\"}\n"
      "{\"Telefono\": \"3331234567\"}\n"
      "{\"Nome\": \"Anna\", \"Telefono\": \"12\"}\n"
      "{\"Nome\": \"" +
      std::string(4097, 'x') +
      "\", \"Telefono\": \"3331234567\"}\n"
      "{\"Nome\": \"" +
      std::string(ContactListReader::line_bytes_max, 'x') +
      "\", \"Telefono\": \"3331234567\", \"Solo qui\": 1}\n"
      "{\"Nome\": \"Ugo\", \"Telefono\": \"3331234569\"}\n";
  check(
      read_lines(campaign, text),
      {"1 +393331234567 Europe/Rome it-IT |Anna|3331234567", "2 !not_json@", "3 !not_an_object@",
       "4 !not_json@", "5 !not_utf8@", "6 !given_twice@Telefono", "7 !wrong_type@Nome",
       "8 !nul@Nome", "9 !empty_variable@Nome", "10 !too_short@Telefono", "11 !field_too_long@Nome",
       "12 !line_too_long@", "13 +393331234569 Europe/Rome it-IT |Ugo|3331234569"});
}

BOOST_AUTO_TEST_CASE(no_reason_repeats_what_a_line_says) {
  const std::string text =
      "{\"Nome\": \"Ugo\", \"Telefono\": \"3331234569\"}\n"
      "{\"Nome\": \"Quagliarella\", \"Telefono\": Zanzibar}\n"
      "\"Quagliarella\"\n"
      "{\"Nome\": {\"Quagliarella\": 1}, \"Telefono\": \"3331234567\"}\n";
  const Campaign campaign = a_campaign();
  auto reader = ContactListReader::open_lines(campaign, rules(), text);
  BOOST_TEST_REQUIRE(reader.ok());
  ContactRow row;
  RejectedRow rejected;
  BOOST_TEST_REQUIRE((reader->next(row, rejected) == ContactListReader::Next::row));
  for (int i = 0; i < 3; ++i) {
    BOOST_TEST_REQUIRE((reader->next(row, rejected) == ContactListReader::Next::rejected));
    BOOST_TEST(rejected.what.find("Quagliarella") == std::string::npos);
    BOOST_TEST(rejected.what.find("Zanzibar") == std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(json_that_is_no_list_is_a_problem_of_the_whole) {
  Campaign campaign = a_campaign();
  campaign.contacts.file = "list.jsonl";
  for (const char* text : {"", "\n \n", "\xEF\xBB\xBF", "{}\n", "not json\n"}) {
    check(read_lines(campaign, text), {"list.jsonl: there are no contacts"});
  }
  check(read_lines(campaign, "\xFF\xFE{"), {"list.jsonl: the file is UTF-16"});
  check(read_lines(campaign, "{\"\": 1}\n"), {"list.jsonl: a member has no name"});
  check(
      read_lines(campaign, "{\"Telefon\": \"3331234567\", \"Nome\": \"Anna\"}\n"),
      {"/contacts/columns/number: the list has no column \"Telefono\"; did you mean \"Telefon\"?"});
  std::string wide = "{\"Telefono\": 1";
  for (int i = 0; i < 256; ++i) wide += ", \"c" + std::to_string(i) + "\": 1";
  check(read_lines(campaign, wide + "}\n"),
        {"list.jsonl: the contacts have more than 256 different members"});
  campaign.contacts.file = "list.json";
  const auto read = [&](std::string_view text) {
    return read_all(ContactListReader::open(campaign, rules(), text));
  };
  check(read("[{\"Telefono\": \"3331234567\",\n \"Nome\": Quagliarella}]"),
        {"list.json: line 2, column 10: not valid JSON: syntax error while parsing value - invalid "
         "literal"});
  check(read("[{\"Telefono\": \"\xE9\"}]"), {"list.json: line 1 is not UTF-8"});
  check(read("{\"Telefono\": \"3331234567\"}"), {"list.json: the contacts are not a JSON array"});
  campaign.contacts.encoding = "windows-1252";
  check(read("[]"), {"list.json: JSON is UTF-8, the campaign or --encoding says windows-1252"});
  campaign.contacts.encoding = "auto";
  campaign.contacts.file.clear();
  campaign.contacts.query = {"crm.db", "SELECT 1"};
  check(read(""), {"/contacts/query/sql: the query gives no row"});
}

BOOST_AUTO_TEST_CASE(numbers_become_text_digit_by_digit) {
  Campaign campaign = a_campaign();
  campaign.greeting.by_language = {{"it-IT", "Ciao"}};
  const auto value_of = [&](const std::string& number) {
    const auto read =
        read_lines(campaign, "{\"Telefono\": \"3331234567\", \"v\": " + number + "}\n").at(0);
    return read.substr(read.rfind('|') + 1);
  };
  BOOST_TEST(value_of("9223372036854775807") == "9223372036854775807");
  BOOST_TEST(value_of("18446744073709551615") == "18446744073709551615");
  BOOST_TEST(value_of("-9223372036854775807") == "-9223372036854775807");
  BOOST_TEST(value_of("0.1") == "0.1");
  BOOST_TEST(value_of("12.0") == "12");
  BOOST_TEST(value_of("1e300") == "1e+300");
  // What a spreadsheet made of a number is none, however it is written.
  check(read_lines(campaign, "{\"Telefono\": 3.93e+21}\n"), {"1 !scientific_notation@Telefono"});
  // Nor is one with a fraction, whose point would pass for a blank.
  for (const char* number : {"333123456.5", "3331234567.0", "3.331234567e9", "3331234.567"}) {
    const std::string row = std::string("{\"Telefono\": ") + number + "}";
    check(read_lines(campaign, row + "\n"), {"1 !decimal@Telefono"});
    check(read_array(campaign, "[" + row + "]"), {"1 !decimal@Telefono"});
  }
  check(read_array(campaign, R"([{"Telefono": 3331234567}, {"Telefono": "333.1234567"}])"),
        {"1 +393331234567 Europe/Rome it-IT |3331234567",
         "2 +393331234567 Europe/Rome it-IT |333.1234567"});
}

BOOST_AUTO_TEST_CASE(a_list_is_what_the_ending_of_its_name_says) {
  ContactSource source;
  const auto format = [&source](const char* file) {
    source.file = file;
    return format_of(source);
  };
  BOOST_TEST((format("a.csv") == ListFormat::csv));
  BOOST_TEST((format("a") == ListFormat::csv));
  BOOST_TEST((format("json") == ListFormat::csv));
  BOOST_TEST((format("a.json.txt") == ListFormat::csv));
  BOOST_TEST((format("b/a.JSON") == ListFormat::json));
  BOOST_TEST((format("a.jsonl") == ListFormat::jsonl));
  BOOST_TEST((format("a.ndjson") == ListFormat::jsonl));
  BOOST_TEST((format("") == ListFormat::json));
  source.format = ListFormat::csv;
  BOOST_TEST((format("a.jsonl") == ListFormat::csv));
  source.format = ListFormat::automatic;
  source.query.database = "crm.db";
  BOOST_TEST((format("") == ListFormat::jsonl));
  BOOST_TEST((format_of(" \n[") == ListFormat::json));
  BOOST_TEST((format_of("\xEF\xBB\xBF\r\n{\"a\"") == ListFormat::jsonl));
  BOOST_TEST((format_of("id,number\n") == ListFormat::csv));
  BOOST_TEST((format_of("") == ListFormat::csv));
}

BOOST_AUTO_TEST_SUITE_END()
