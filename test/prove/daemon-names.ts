export const DAEMON_NAMES = ['monitor', 'model', 'api'] as const
export type DaemonName = (typeof DAEMON_NAMES)[number]
