// This file is made from kqlext/highlighting/words.py by scripts/docs.py.
export const words = {
  operators: "as assert-schema consume count datatable distinct evaluate extend externaldata facet filter find fork getschema graph-mark-components graph-match graph-shortest-paths graph-to-table invoke join limit lookup macro-expand make-graph make-series mv-apply mv-expand mvapply mvexpand order parse parse-kv parse-where partition print project project-away project-keep project-rename project-reorder range reduce render sample sample-distinct scan search serialize sort summarize take top top-hitters top-nested union where".split(' '),
  statements: "alias declare let pattern restrict set".split(' '),
  sources: "datatable externaldata find print range search union".split(' '),
  clauses: "and asc between by contains contains_cs containscs desc endswith endswith_cs from has has_all has_any has_cs hasprefix hasprefix_cs hassuffix hassuffix_cs in like matches not notlike nulls of on or regex startswith startswith_cs step to typeof with".split(' '),
  types: "bool boolean date datetime decimal double dynamic guid int long real string time timespan uniqueid uuid".split(' '),
  literals: "date datetime guid time timespan uniqueid uuid".split(' '),
  constants: "false null true".split(' '),
  parametric: "evaluate find join lookup make-series mv-apply mv-expand mvexpand parse parse-where partition reduce search union".split(' '),
  flags: "ad allowunencryptedtokencache autodataframe c2lv chartimage columnstolocalvars ecbp enablecurlybracketsparams f feedback format grid keepraw keepschema link noexecute palettereverse pr processtree q quiet search showquery showquerylink sq sql stats steps strict timeline tryazclilogin tryazcliloginbyprofile tryvscodelogin validateconnectionstring vc".split(' '),
  options: "assignvar av cache caim check cloud codeauthinteractivemode conn df displaylimit dl dsnfilename dtd dynamictodataframe file idtag lastrawresultvar maxage maxanswer maxinline o on output over palettecolors palettedesaturation palettename params paramsdict pc pd pl plotlylayout plotpackage pn pp qld query querylinkdestination queryproperties readschema requestcachemaxage requestidtag sample save split tables timeout timespan to trymsi trytoken type usecache var wait with".split(' '),
  commands: "cache cachelist cachestop close config conn explain format functions help palette palettes schema signout tables usecache usecachestop version".split(' ')
};
