export { API_CONFIG_RULES, ApiConfig } from './config.ts'
export {
  GRANTS,
  type Grant,
  missingFor,
  neededByNothing,
  REST_FEATURES,
  type RestFeature,
} from './rest/privileges.ts'
export { askTokenPermissions } from './rest/token-permissions.ts'
