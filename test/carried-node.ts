import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { NODE_VARIABLE } from './fakes/program-file.ts'

/**
 * Before the tests of a project: lets our programs run on the Node.js that the package carries. Where it cannot be fetched, or
 * another one is given, it says so and does nothing.
 */
export default async function setup(project: TestProject): Promise<void> {
  const given = process.env[NODE_VARIABLE]
  if (given !== undefined) return console.log(`${project.name}: the programs run on ${given}`)
  const { nodeOfThisMachine } = await import(join(import.meta.dirname, '../scripts/package/carried-node.mjs'))
  try {
    const { version, execPath } = nodeOfThisMachine()
    project.config.env = { ...project.config.env, [NODE_VARIABLE]: execPath }
    console.log(`${project.name}: the programs run on the Node.js of the package, ${version}`)
  } catch (error) {
    console.warn(`${project.name}: the programs run on Node.js ${process.version}, since ${error}`)
  }
}
