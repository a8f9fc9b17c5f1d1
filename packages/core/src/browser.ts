/** What a page in a browser uses of this package: nothing that brings a library along. Types come from `index.ts`. */
export { isDecidedByModel } from './contracts/change-key.ts'
export { givenCores } from './contracts/given-cores.ts'
export * from './contracts/stream-times.ts'
export { lastingText, localTimeText } from './local-time.ts'
export * from './units.ts'
export { jsonText, visibleText } from './visible-text.ts'
