export { replayedShapes, tableRows } from './commands/replay.ts'
export { program } from './main.ts'
