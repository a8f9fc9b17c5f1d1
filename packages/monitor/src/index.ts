export { MONITOR_RULES, MonitorConfig } from './config.ts'
