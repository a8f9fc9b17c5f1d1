export { API_CONFIG_RULES, ApiConfig } from './config.ts'
