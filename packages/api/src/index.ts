export { buildApp } from './app.ts'
export { type ApiPorts, appContext } from './app-context.ts'
export { API_CONFIG_RULES, ApiConfig } from './config.ts'
