/** What a page in a browser uses of this package: nothing that brings a library along. Types come from `index.ts`. */
export { isBegun } from './contracts/begun.ts'
export { givenCores } from './contracts/given-cores.ts'
export * from './contracts/stream-times.ts'
export { whoText } from './contracts/who.ts'
export { lastingText, localTimeText } from './local-time.ts'
export * from './units.ts'
export { VERSION } from './version.ts'
export { visibleText } from './visible-text.ts'
