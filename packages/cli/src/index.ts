export {
  apiMargin,
  replayedShapes,
  replaySettings,
  tableRows,
} from './commands/replay.ts'
export { program } from './main.ts'
