export {
  apiMargin,
  DEFAULT_SWAP_MB,
  REPLAY_INTERVAL_S,
  replayedShapes,
  replaySettings,
  tableRows,
} from './commands/replay.ts'
export { program } from './main.ts'
