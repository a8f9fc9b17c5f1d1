export { type ApiPorts, buildApp } from './app.ts'
export { API_CONFIG_RULES, ApiConfig } from './config.ts'
