// What a campaign came to, for somebody who does not load tables: the funnel, what cases came to,
// when people answer, what they said, and the rates. Counts only: no id, no number, no word that
// somebody said.
#include <algorithm>
#include <map>
#include <string>

#include "campaigns/campaign_words.hpp"
#include "campaigns/export.hpp"
#include "campaigns/export_parts.hpp"
#include "campaigns/report_page.hpp"

namespace campaigns {

namespace {

using exporting::People;
using page::Language;

// What one question was answered with, over all people.
struct Answered {
  std::map<std::string_view, std::uint64_t> statuses{};
  std::map<std::string, std::uint64_t, std::less<>> values{};
  std::map<std::string_view, std::uint64_t> sources{};
};

// Everything that the report counts, in one walk over the people.
struct Figures {
  std::uint64_t people = 0;
  std::uint64_t called = 0;    // with a call that the carrier placed
  std::uint64_t answered = 0;  // somebody or something took it
  std::uint64_t talked = 0;    // and answered a question, or heard the message
  std::uint64_t completed = 0;
  std::uint64_t calls = 0;
  std::uint64_t calls_answered = 0;
  std::uint64_t seconds = 0;
  std::int64_t cost = 0;
  std::array<page::Pillar, 24> hours{};         // of the person's day
  std::map<unsigned, page::Pillar> attempts{};  // by their number among those that count
  std::vector<Answered> questions{};
  exporting::Tally tally{};
};

bool was_answered(const AttemptRow& row) {
  return row.answered_at != Instant{} || (row.status == "completed" && row.seconds > 0);
}

void count_attempt(Figures& figures, const AttemptRow& row, unsigned number) {
  const bool answered = was_answered(row);
  ++figures.calls;
  figures.calls_answered += answered;
  figures.seconds += static_cast<std::uint64_t>(std::max<std::int64_t>(row.seconds, 0));
  const auto local = row.requested_at + std::chrono::minutes{row.own_offset_minutes()};
  const auto since_midnight = local - std::chrono::floor<std::chrono::days>(local);
  const auto hour = std::chrono::duration_cast<std::chrono::hours>(since_midnight).count();
  auto& at = figures.hours[static_cast<std::size_t>(hour)];
  auto& of = figures.attempts[number];
  answered ? ++at.lower : ++at.upper;
  answered ? ++of.lower : ++of.upper;
}

Figures figures_of(const State& state, CampaignIndex campaign, const ExportSettings& settings) {
  const auto& definition = *state.book.at(campaign).definition;
  Figures figures;
  figures.tally = exporting::tally_of(state, campaign, settings.recoding, settings.frame);
  figures.questions.resize(definition.questions.size());
  People people(state, campaign);
  while (people.next()) {
    ++figures.people;
    unsigned number = 0;
    bool answered = false;
    bool completed = false;
    for (const auto& row : people.attempts()) {
      if (const auto cost = state.spend.cost_of_attempt(row.contact, row.attempt)) {
        figures.cost += *cost;
      }
      if (!exporting::counts(row)) continue;
      count_attempt(figures, row, ++number);
      answered |= was_answered(row);
      completed |= row.outcome == Outcome::completed;
    }
    figures.called += number > 0;
    figures.answered += answered;
    figures.completed += completed;
    const auto standings =
        exporting::standings_of(state, people.contact(), people.attempts(), people.answers());
    bool talked = definition.questions.empty() && completed;
    for (std::size_t i = 0; i < standings.size(); ++i) {
      auto& question = figures.questions[i];
      ++question.statuses[standings[i].status];
      const auto* answer = standings[i].answer;
      if (!answer) continue;
      talked = true;
      ++question.sources[exporting::source_of(*answer, people.answers())];
      if (definition.questions[i].several) {
        for (const auto& code : codes_in(answer->value)) ++question.values[code];
      } else if (definition.questions[i].type == QuestionType::date) {
        ++question.values[std::string(answer->value.substr(0, 7))];  // by month
      } else if (definition.questions[i].type != QuestionType::open) {
        ++question.values[std::string(answer->value)];
      }
    }
    figures.talked += talked;
  }
  for (std::size_t hour = 0; hour < figures.hours.size(); ++hour) {
    figures.hours[hour].label = std::to_string(hour);
  }
  for (auto& [number, pillar] : figures.attempts) pillar.label = std::to_string(number);
  return figures;
}

struct InTwoLanguages {
  std::string_view english{};
  std::string_view italian{};
};

// By Outcome.
constexpr std::array<InTwoLanguages, outcomes> outcome_labels{{
    {"not called yet", "non ancora chiamati"},
    {"completed", "completati"},
    {"partial", "parziali"},
    {"broken off", "interrotti"},
    {"refused", "rifiuti"},
    {"asked never to be called again", "hanno chiesto di non essere più chiamati"},
    {"asked to be called back", "hanno chiesto di essere richiamati"},
    {"hung up at once", "hanno riattaccato subito"},
    {"answering machine", "segreteria telefonica"},
    {"message left on a machine", "messaggio lasciato in segreteria"},
    {"busy", "occupato"},
    {"no answer", "nessuna risposta"},
    {"network error", "errore di rete"},
    {"number does not work", "numero inesistente"},
    {"fax or data line", "fax o linea dati"},
    {"called off by us", "annullati da noi"},
    {"never placed", "mai partiti"},
    {"not known whether called", "non si sa se chiamati"},
    {"not eligible", "non idonei"},
    {"said nothing", "non hanno detto nulla"},
    {"quota full", "quota già raggiunta"},
    {"not there, or not their number", "assenti, o numero di altri"},
    {"no common language", "nessuna lingua in comune"},
    {"unable to answer", "impossibilitati a rispondere"},
    {"number of a business", "numero di un'azienda"},
    {"not let through by an assistant", "fermati da un assistente"},
}};
static_assert(!outcome_labels.back().english.empty());

constexpr std::array<InTwoLanguages, case_classes> class_labels{{
    {"complete", "completi"},
    {"partial", "parziali"},
    {"refusal and break-off", "rifiuti e interruzioni"},
    {"non-contact", "senza contatto"},
    {"other", "altro"},
    {"unknown if there is an eligible person", "non si sa se idonei"},
    {"unknown, other", "non si sa, altro"},
    {"not eligible", "non idonei"},
}};

std::string_view colour_of(CaseClass one) {
  switch (one) {
    case CaseClass::complete:
      return "good";
    case CaseClass::partial:
      return "fair";
    case CaseClass::refusal:
      return "poor";
    case CaseClass::non_contact:
    case CaseClass::other:
    case CaseClass::unknown_household:
    case CaseClass::unknown_other:
    case CaseClass::not_eligible:
      break;
  }
  return "quiet";
}

class Report {
 public:
  Report(const State& state, CampaignIndex index, const ExportSettings& settings,
         const CanonicalSink& sink)
      : state_(state),
        campaign_(*state.book.at(index).definition),
        settings_(settings),
        sink_(sink),
        language_(
            (settings.language.empty() ? campaign_.language : settings.language).rfind("it", 0) == 0
                ? Language::italian
                : Language::english),
        figures_(figures_of(state, index, settings)) {}

  void write() {
    sink_(page::head(campaign_.title, language_));
    header();
    funnel();
    dispositions();
    hours();
    questions();
    rates();
    footer();
    sink_(page::foot());
  }

 private:
  std::string say(std::string_view english, std::string_view italian) const {
    return std::string(language_ == Language::italian ? italian : english);
  }
  std::string say(const InTwoLanguages& words) const { return say(words.english, words.italian); }
  std::string count(std::uint64_t value) const {
    return page::number(static_cast<std::int64_t>(value), language_);
  }
  std::string share(std::uint64_t part, std::uint64_t whole) const {
    return page::percent(static_cast<std::int64_t>(part), static_cast<std::int64_t>(whole),
                         language_);
  }
  void section(const std::string& title, const std::string& note, const std::string& content,
               const char* more = "") {
    sink_("<section" + std::string(more) + ">\n<h2>" + page::escaped(title) + "</h2>\n" +
          (note.empty() ? "" : "<p>" + page::escaped(note) + "</p>\n") + content + "</section>\n");
  }

  void header();
  void funnel();
  void dispositions();
  void hours();
  void questions();
  std::string question(std::size_t index) const;
  std::string numbers(const Answered& answered) const;
  void rates();
  void footer();

  const State& state_;
  const Campaign& campaign_;
  const ExportSettings& settings_;
  const CanonicalSink& sink_;
  Language language_;
  Figures figures_;
};

void Report::header() {
  const auto kind = campaign_.kind == Kind::survey         ? say("Survey", "Sondaggio")
                    : campaign_.kind == Kind::notification ? say("Notification", "Avviso")
                                                           : say("Call-back", "Richiamo");
  auto moment = rfc3339_utc(settings_.as_of);
  moment = moment.substr(0, 10) + ' ' + moment.substr(11, 5) + " UTC";
  std::string out = "<header>\n<p class=\"kind\">" + kind + "</p>\n<h1>" +
                    page::escaped(campaign_.title) + "</h1>\n<p>" +
                    say("As of ", "Situazione al ") + moment + "</p>\n";
  if (exporting::is_rehearsal(state_)) {
    out += "<p class=\"rehearsal\" role=\"note\">" +
           say("A rehearsal: these people and their answers are invented, nobody was called.",
               "È una prova: queste persone e le loro risposte sono inventate, nessuno è stato "
               "chiamato.") +
           "</p>\n";
  }
  out += "<ul class=\"tiles\">\n";
  const auto tile = [&](const std::string& value, const std::string& what) {
    out += "<li><b>" + value + "</b><span>" + what + "</span></li>\n";
  };
  const auto all = rates_of(figures_.tally.classes, settings_.eligible_share);
  tile(count(figures_.people), say("people on the list", "persone in lista"));
  tile(count(figures_.calls), say("calls", "chiamate"));
  tile(share(figures_.calls_answered, figures_.calls),
       say("of the calls answered", "delle chiamate con risposta"));
  tile(count(figures_.completed), say("completed", "completati"));
  tile(all.response[0] ? page::percent_of_millionths(*all.response[0], language_) : "–",
       say("response rate (RR1)", "tasso di risposta (RR1)"));
  tile(count((figures_.seconds + 30) / 60), say("minutes of talk", "minuti di conversazione"));
  if (campaign_.budget.limit_millionths != 0) {
    tile(page::escaped(page::money(figures_.cost, campaign_.budget.currency, language_)),
         say("spent", "spesi"));
  }
  sink_(out + "</ul>\n</header>\n");
}

void Report::funnel() {
  std::vector<page::Stage> stages = {
      {say("on the list", "in lista"), figures_.people},
      {say("called", "chiamate"), figures_.called},
      {say("call answered", "hanno risposto"), figures_.answered},
  };
  if (campaign_.kind == Kind::survey) {
    stages.push_back({say("answered a question", "risposte date"), figures_.talked});
  }
  stages.push_back({campaign_.kind == Kind::survey
                        ? say("completed", "completati")
                        : say("heard the message", "messaggio ascoltato"),
                    figures_.completed});
  section(say("From the list to the end", "Dalla lista alla fine"),
          say("People, each counted once, whatever number of calls they had.",
              "Persone, ciascuna contata una volta, quale che sia il numero di chiamate."),
          page::funnel(say("Funnel of people", "Imbuto delle persone"), stages, language_));
}

void Report::dispositions() {
  std::vector<page::Bar> rows;
  for (const auto& [what, cases] : figures_.tally.cases) {
    const auto& [outcome, aapor] = what;
    rows.push_back({say(outcome_labels[static_cast<std::size_t>(outcome)]), std::string(aapor),
                    cases, colour_of(class_of(aapor))});
  }
  std::stable_sort(rows.begin(), rows.end(),
                   [](const page::Bar& a, const page::Bar& b) { return a.value > b.value; });
  section(
      say("What came of it", "Che cosa ne è stato"),
      settings_.recoding ? say("Under the rules of a recoding.", "Secondo una ricodifica.") : "",
      page::bars(say("People by disposition, with its AAPOR code",
                     "Persone per esito, con il codice AAPOR"),
                 rows, figures_.people, language_));
}

void Report::hours() {
  // Only the part of the day in which there were calls.
  const auto called = [](const page::Pillar& hour) { return hour.lower + hour.upper > 0; };
  const auto first = std::find_if(figures_.hours.begin(), figures_.hours.end(), called);
  const auto last = std::find_if(figures_.hours.rbegin(), figures_.hours.rend(), called).base();
  const auto answered = say("answered", "con risposta");
  const auto silent = say("not answered", "senza risposta");
  if (first < last) {
    section(say("When people answer", "Quando si risponde"),
            say("Calls by the hour of the person's own day.",
                "Chiamate per ora della giornata della persona."),
            page::pillars(say("Calls by hour", "Chiamate per ora"), answered, silent,
                          say("Hour", "Ora"), {first, last}, language_));
  }
  if (figures_.attempts.size() > 1) {
    std::vector<page::Pillar> all;
    for (const auto& [number, pillar] : figures_.attempts) all.push_back(pillar);
    section(say("What calling again brings", "Che cosa porta richiamare"),
            say("Calls by their number for the same person.",
                "Chiamate per numero d'ordine alla stessa persona."),
            page::pillars(say("Calls by attempt", "Chiamate per tentativo"), answered, silent,
                          say("Attempt", "Tentativo"), all, language_));
  }
}

std::string Report::numbers(const Answered& answered) const {
  std::vector<std::pair<std::int64_t, std::uint64_t>> all;
  std::uint64_t people = 0;
  std::int64_t sum = 0;
  for (const auto& [text, times] : answered.values) {
    const auto value = static_cast<std::int64_t>(std::strtoll(text.c_str(), nullptr, 10));
    all.emplace_back(value, times);
    people += times;
    sum += value * static_cast<std::int64_t>(times);
  }
  if (people == 0) return {};
  std::sort(all.begin(), all.end());
  std::uint64_t below = 0;
  auto median = all.front().first;
  for (const auto& [value, times] : all) {
    median = value;
    below += times;
    if (below * 2 >= people) break;
  }
  const auto n = static_cast<std::int64_t>(people);
  const auto mean = (sum * 20 + (sum < 0 ? -n : n)) / (n * 2);
  return say("mean ", "media ") + page::tenths(mean, language_) + say(", median ", ", mediana ") +
         page::number(median, language_) + say(", from ", ", da ") +
         page::number(all.front().first, language_) + say(" to ", " a ") +
         page::number(all.back().first, language_);
}

std::string Report::question(std::size_t index) const {
  const auto& question = campaign_.questions[index];
  const auto& answered = figures_.questions[index];
  // In the report's language if the question is asked in it.
  const std::string_view wanted = language_ == Language::italian ? "it" : "en";
  auto text = question.ask.in(campaign_.language, campaign_.language);
  for (const auto& [language, words] : question.ask.by_language) {
    if (language.substr(0, 2) == wanted && campaign_.language.substr(0, 2) != wanted) text = words;
  }
  const auto of = [&](const char* status) {
    const auto found = answered.statuses.find(status);
    return found == answered.statuses.end() ? std::uint64_t{0} : found->second;
  };
  const auto given = of("answered") + of("erased");
  std::string out = "<h3>" + page::escaped(text.empty() ? question.id : text) + "</h3>\n";
  std::string note = count(given) + say(" answers", " risposte");
  const auto more = [&](std::uint64_t people, const std::string& words) {
    if (people != 0) note += "; " + count(people) + ' ' + words;
  };
  more(of("no_input"), say("silent", "senza risposta"));
  more(of("invalid"), say("not understood", "non capite"));
  more(of("refused"), say("would rather not say", "preferiscono non rispondere"));
  more(of("dont_know"), say("did not know", "non sanno"));
  more(of("broken_off"), say("broken off here", "interrotti qui"));
  more(of("not_asked"), say("not asked", "non poste"));

  std::vector<page::Bar> rows;
  const auto add = [&](std::string label, std::string detail, std::uint64_t people) {
    rows.push_back({std::move(label), std::move(detail), people, "main"});
  };
  const auto value = [&](std::string_view code) {
    const auto found = answered.values.find(code);
    return found == answered.values.end() ? std::uint64_t{0} : found->second;
  };
  // With the options in their order, whether somebody chose them or not; then what an earlier
  // version of the question knew.
  for (const auto& option : question.options) {
    const auto label = exporting::label_of(question, option.code, campaign_.language);
    add(std::string(label), label == option.code ? std::string() : option.code, value(option.code));
  }
  const bool numeric =
      question.type == QuestionType::rating || question.type == QuestionType::number;
  constexpr std::int64_t values_shown_max = 12;
  if (numeric && question.most - question.least < values_shown_max) {
    for (auto at = question.least; at <= question.most; ++at) {
      add(std::to_string(at), {}, value(std::to_string(at)));
    }
  } else if (numeric && !answered.values.empty()) {
    // Ranges of the same width over what was answered.
    std::map<std::int64_t, std::uint64_t> by_value;
    for (const auto& [code, people] : answered.values) {
      by_value[std::strtoll(code.c_str(), nullptr, 10)] += people;
    }
    const auto least = by_value.begin()->first;
    const auto most = by_value.rbegin()->first;
    const auto width = (most - least) / 8 + 1;
    for (auto from = least; from <= most; from += width) {
      std::uint64_t people = 0;
      for (auto it = by_value.lower_bound(from); it != by_value.end() && it->first < from + width;
           ++it) {
        people += it->second;
      }
      const auto to = std::min(from + width - 1, most);
      add(page::number(from, language_) +
              (to == from ? std::string() : "–" + page::number(to, language_)),
          {}, people);
    }
  }
  if (!numeric) {
    for (const auto& [code, people] : answered.values) {
      const bool known = std::any_of(question.options.begin(), question.options.end(),
                                     [&, &code = code](const auto& o) { return o.code == code; });
      if (!known) add(code, {}, people);
    }
  }
  if (numeric) {
    if (const auto words = numbers(answered); !words.empty()) note += "; " + words;
  }
  if (question.type == QuestionType::open) {
    note += say("; in the words of the people, which are in responses_wide.csv",
                "; con le parole delle persone, che sono in responses_wide.csv");
  }
  if (rows.empty()) return out + "<p class=\"note\">" + page::escaped(note) + "</p>\n";
  return out + page::bars(note, rows, given, language_);
}

void Report::questions() {
  if (campaign_.questions.empty()) return;
  std::string content;
  for (std::size_t i = 0; i < campaign_.questions.size(); ++i) content += question(i);
  section(say("What they answered", "Che cosa hanno risposto"),
          say("Shares are of the people who answered that question.",
              "Le quote sono di chi ha risposto a quella domanda."),
          content, " class=\"long\"");
}

void Report::rates() {
  const auto& classes = figures_.tally.classes;
  const auto all = rates_of(classes, settings_.eligible_share);
  std::string content = "<table class=\"plain\"><thead><tr><th scope=\"col\">" +
                        say("Class", "Classe") + "</th><th scope=\"col\">" +
                        say("People", "Persone") + "</th><th scope=\"col\">" +
                        say("Share", "Quota") + "</th></tr></thead><tbody>\n";
  for (std::size_t i = 0; i < case_classes; ++i) {
    const auto one = static_cast<CaseClass>(i);
    content += "<tr><th scope=\"row\">" + std::string(name_of(one)) + " · " + say(class_labels[i]) +
               "</th><td>" + count(classes[one]) + "</td><td>" +
               share(classes[one], figures_.people) + "</td></tr>\n";
  }
  content += "</tbody></table>\n<h3>" + say("Rates", "Tassi") +
             "</h3>\n<table class=\"plain formula\">"
             "<thead><tr><th scope=\"col\">" +
             say("Rate", "Tasso") + "</th><th scope=\"col\">" + say("Of", "Formula") +
             "</th><th scope=\"col\"></th></tr></thead><tbody>\n";
  const auto row = [&](const std::string& name, const std::string& formula, Rates::Rate rate) {
    content += "<tr><th scope=\"row\">" + name + "</th><td><code>" + formula + "</code></td><td>" +
               (rate ? page::percent_of_millionths(*rate, language_) : "–") + "</td></tr>\n";
  };
  const std::array<std::string, 3> of{" / (I+P+R+NC+O + U)", " / (I+P+R+NC+O + e·U)",
                                      " / (I+P+R+NC+O)"};
  for (std::size_t i = 0; i < 6; ++i) {
    row("RR" + std::to_string(i + 1), (i % 2 == 0 ? "I" : "(I+P)") + of[i / 2], all.response[i]);
  }
  const std::array<std::string, 4> cooperation{"I / (I+P+R+O)", "(I+P) / (I+P+R+O)", "I / (I+P+R)",
                                               "(I+P) / (I+P+R)"};
  for (std::size_t i = 0; i < 4; ++i) {
    row("COOP" + std::to_string(i + 1), cooperation[i], all.cooperation[i]);
  }
  for (std::size_t i = 0; i < 3; ++i)
    row("REF" + std::to_string(i + 1), "R" + of[i], all.refusal[i]);
  for (std::size_t i = 0; i < 3; ++i) {
    row("CON" + std::to_string(i + 1), "(I+P+R+O)" + of[i], all.contact[i]);
  }
  content += "</tbody></table>\n";
  section(
      say("Rates as survey researchers compute them", "I tassi come li calcola la ricerca"),
      say("AAPOR Standard Definitions; U = UH + UO, e = ",
          "AAPOR Standard Definitions; U = UH + UO, e = ") +
          page::percent_of_millionths(all.e, language_) +
          (settings_.eligible_share ? say(" (given)", " (data)") : "") + ". " +
          say("Cases of which it is not known whether anybody was called: ",
              "Casi di cui non si sa se qualcuno sia stato chiamato: ") +
          count(figures_.tally.unconfirmed) + "." +
          (figures_.tally.outside_frame == 0
               ? std::string()
               : ' ' +
                     say("People who were suppressed before the first call, and are in no rate: ",
                         "Persone escluse dalle chiamate già prima della prima, in nessun "
                         "tasso: ") +
                     count(figures_.tally.outside_frame) + "."),
      content, " class=\"long\"");
}

void Report::footer() {
  sink_("<footer><p>" + page::escaped(campaign_.id) + " · " + say("event ", "evento ") +
        count(state_.position) + " · " +
        say("counts only: nobody's name, number or words stand on this page",
            "solo conteggi: in questa pagina non c'è il nome, il numero o una parola di nessuno") +
        "</p></footer>\n");
}

}  // namespace

void export_report(const State& state, CampaignIndex campaign, const ExportSettings& settings,
                   const CanonicalSink& sink) {
  Report(state, campaign, settings, sink).write();
}

}  // namespace campaigns
