/** One door to the library for notebooks and scripts: `import * as lab from "./lib"`. */

// A session, and showing things
export { type Session, describeSession, openSession, policyDir } from "./lab/session";
export { type Preset } from "./lab/preset";
export { display, html, md, show, showLive, svg } from "./show/display";
export { time } from "./show/time";
export { plot } from "./show/plot";
export { type Table } from "./show/table";
export { tableBundle } from "./show/tableBundle";
export { frameBundle, summarise, toFrame } from "./show/frame";
export { inspectBundle } from "./show/inspect";
export { palette } from "./show/palette";
export { barFigure, dumbbellFigure } from "./show/figure/bars";
export { curveFigure, panelsFigure } from "./show/figure/curves";
export { publishFigure, publishTable } from "./lab/publish";
export { claimNumber, methodNumber, paperVersusHere, recordNumbers } from "./lab/headline";

// Asking policies
export { ask, compareAnswers } from "./lab/ask";
export { tokenLogratios } from "./align/tokenLogratios";
export { loadPolicy } from "./model/policy";
export { answersOf } from "./lab/candidates";

// Experiments, also with pieces of one's own
export { type ArmSpec, type Setting, experimentOf } from "./lab/study";
export { armOf, policyArm, runArms, trainingLogs } from "./lab/runArms";
export { trainedPolicy } from "./lab/experiment";
export { defineAnnotator, pairsOf } from "./lab/pairSource";
export { chooseObjective, defineObjective } from "./align/objective/registry";
export { type Objective } from "./align/objective/objective";
export { defineMask } from "./preference/mask";
export { trainingCurves } from "./align/charts";
export { describeTraining } from "./align/tables";

// Rows, step by step, and the verbs on files
export { readJsonl, writeJsonl } from "./base/jsonl";
export {
  type Question,
  type Verdict,
  annotatedCandidateSchema,
  candidateSchema,
  questionSchema,
} from "./factuality/records";
export { type Annotator, annotateCandidates } from "./factuality/annotator";
export { factualityScore } from "./factuality/score";
export { splitSentences } from "./text/sentence";
export { type PreferencePair, buildPairs, preferencePairSchema } from "./preference/pair";
export { mixingOf, tokenShares } from "./preference/mixing";
export { mixingTable, pairReportTable, scoreRows } from "./preference/tables";
export { inspectPairs } from "./preference/inspectPairs";
export { type Atlas, loadAtlas } from "./world/atlas";
export { atlasAnnotator } from "./world/oracle";
export { fetchVerb } from "./steps/fetch/fetch";
export { importModelVerb } from "./steps/importModel";
export { sampleVerb } from "./steps/sample";
export { annotateVerb } from "./steps/annotate";
export { annotatorTable } from "./steps/annotators";
export { pairsVerb } from "./steps/pairs";
export { trainVerb } from "./steps/train";
export { paperTraining } from "./align/trainOptions";
export { writeReport } from "./steps/report/report";

// A real model
export { alignProse, prosePairs } from "./lab/prose/experiment";
export { labelAgreements } from "./lab/prose/labels";
export { sampleProseBestOf } from "./lab/prose/bestOf";
export { searchProse } from "./lab/prose/search";
export { runProse } from "./lab/prose/arms";
export { describeProse, howToGetModel, openProse } from "./lab/prose/study";
export { proseBestOfTable, prosePairTable } from "./paper/prose/pairs";
export { proseGainTable, proseInShort, proseOnceClaims } from "./paper/prose/gain";
export { proseGraphTable, testProseGraph } from "./paper/prose/graph";
export { labelAgreementTable, probeTable, proseClaims } from "./paper/prose/tables";
export { proseHackingTable, proseRows, searchTable } from "./paper/prose/tables";
export { gazetteerAnnotator } from "./world/gazetteer/gazetteer";
export { proseQuestions } from "./world/proseQuestions";
export { closedQuestions } from "./world/closedQuestions";
export { probe } from "./lab/prose/probe";

// What answers come to
export { topicDifferences, topicScores } from "./evaluation/arm";
export { armTable, claimsTable, differencesTable, hackingTable } from "./evaluation/armTables";
export { powersOfTwo } from "./evaluation/bestOfN";
export { gapTable, gridTable, pairPanels } from "./evaluation/bestOfTables";
export { bestOfCurves, candidateScores, relationFigure } from "./evaluation/charts";
export { decomposeGain } from "./evaluation/relationAccuracy";
export { bestOfTable, gainTable } from "./evaluation/tables";

// The topic graph
export { chooseLayer, howToServeEmbeddings } from "./lab/topicEmbeddings";
export { baseAnswers, gainsAgainstDistance, layoutTopics, nearFarSplits, testHallucinations } from "./paper/topicGraph";
export { hallucinationAtlas } from "./paper/atlasOfHallucinations";
export { rankFigure, topicMap } from "./paper/topicMap";
export {
  directTestTable,
  gainDistanceTable,
  graphNumbers,
  layerTable,
  relationTestTable,
  splitTable,
} from "./paper/topicTables";

// The paper
export { buildAppendix, contentsBundle } from "./paper/appendix";
export { claimsForest } from "./paper/claimsForest";
export {
  conditionCells,
  conditionColumns,
  conditionRows,
  leadCurve,
  rowsAlong,
  runConditions,
} from "./paper/conditions";
export { candidatesFigure, masksFigure, mostMixedPair } from "./paper/figure1";
export { howToGetLabels, humanMasks, humanPreferences, readHumanModels } from "./paper/human/study";
export {
  factScoreTable,
  humanMixingTable,
  humanNumbers,
  humanPairTable,
  humanScores,
  keptTokensTable,
  labelTable,
  officialMaskTable,
  rarityFigure,
} from "./paper/human/tables";
export { judgeTable, readJudges } from "./paper/human/judges";
export { methodTable } from "./evaluation/methodClaims";
export { objectiveArms, objectiveClaims, objectiveForest, objectiveRows } from "./paper/objectives";
export { trackFigure, trackTable } from "./paper/objectiveTracks";
export { dataMethodClaims, methodArmTable, runDataMethods } from "./paper/methods/dataMethods";
export { detectionTable } from "./paper/methods/misleading";
export { correctedTable } from "./paper/methods/opa";
export { goalTable } from "./paper/methods/rewardAugmented";
export { implicitLabelTable } from "./paper/methods/spa";
export { estimatorTable } from "./paper/methods/tisDpo";
export { phaseFigure, phaseNumbers, phaseTable, runPhase } from "./paper/phase";
export { inferenceClaims } from "./paper/methods/inferenceMethods";
export { extractionTable, runExtraction } from "./paper/methods/memorisation";
export { rankerTable, retrievalTable, runRetrieval } from "./paper/methods/retrieval";
export { runSearches, searchArmTable } from "./paper/methods/search";
export { bestOfCandidates, candidatesTable, constructPreferences, tokenizePreferences } from "./paper/pairs";
export { table6 } from "./paper/printed";
export { policiesOf, relationGains, relationsOf, sampledAnswers } from "./paper/relations";
export { factTuneArm, scoreFigure, shippedArms, table1Claims, table1Rows } from "./paper/table1";
export {
  maskArms,
  maskStyles,
  sameArms,
  sameRows,
  stepCurves,
  stepLeads,
  table2Claims,
  table2Rows,
} from "./paper/table2";
export { pairQualityTable, samplingArms, table3Claims, table3Figure, table3Rows } from "./paper/table3";
export { scalingArms, scalingCurves, scalingLeads, scalingOf, table4Claims, table4Rows } from "./paper/table4";
export { groupTable, runGroups, table5Claims, table5Figure } from "./paper/table5";
export {
  curveOf,
  gapCurves,
  gapsOf,
  noisyCurve,
  printedPoints,
  reductionOf,
  sampleBestOf,
  slopeOf,
  table6Claims,
  temperatures,
  verifierErrors,
} from "./paper/table6";
export { runWorld } from "./paper/worlds/worlds";
export { worldClaims, worldClaimTable, worldNumbers } from "./paper/worlds/worldClaims";
export { worldFigure } from "./paper/worlds/worldFigure";
export {
  worldGainTable,
  worldGraphTable,
  worldTable2,
  worldTable4,
  worldTable5,
  worldTable6,
} from "./paper/worlds/worldTables";
export { type OwnAnnotator, annotatorName, openOwnStudy, ownPairs, ownPolicy, ownReport } from "./paper/yourOwn";
