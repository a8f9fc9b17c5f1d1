export { AnomalyModel } from './anomaly/anomaly-model.ts'
export { anomalySettings } from './anomaly/anomaly-sections.ts'
export { readApiKey } from './client/api-key.ts'
export { MODEL_CONFIG_RULES, ModelConfig } from './config.ts'
export { actedOn } from './cycle/acted-on.ts'
export { allocationOf } from './cycle/allocation.ts'
export { auroc, averagePrecision, evaluateForest, type ForestEvaluation } from './forest/evaluate.ts'
export { Random } from './forest/random.ts'
export { type ContainerSettings, containerSettings } from './policy/container-settings.ts'
export { ContainerSizer } from './policy/container-sizer.ts'
export {
  type Allocation,
  type Circumstances,
  type Decision,
  isChange,
  type LocalSample,
  type PerResource,
} from './policy/decision.ts'
export { pastSamples } from './policy/past/past-samples.ts'
export { ADAPTIVE_PARAMETERS, adaptiveWith } from './policy/policies/adaptive/adaptive.ts'
export { POLICY_NAMES, type PolicyName } from './policy/policies/policy-names.ts'
export { saveLearned } from './state/state-files.ts'
