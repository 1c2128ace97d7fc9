// The order of what a search finds: chapters, then lists and appendices, then single names of the API.
const LISTS = ["bibliography", "equations", "genindex", "glossary", "notation", "status"];
var Scorer = {
  score: (result) => {
    const [docname, , anchor, description, score] = result;
    // A name of the API has an anchor and says what it is.
    if (docname === "api") return score - (anchor && description ? 1000 : 500);
    return LISTS.includes(docname) ? score - 200 : score;
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
