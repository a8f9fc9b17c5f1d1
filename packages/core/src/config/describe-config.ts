import { stringify } from 'yaml'
import type { z } from 'zod'
import { expectedWords } from './expected-words.ts'
import { isSection, namedNode, type SchemaNode, schemaTree } from './schema-tree.ts'

const WIDTH = 100

/**
 * The default YAML file of `schema`: every key with its default, above it what it means. A key without a default
 * stands there as a comment.
 */
export function defaultYaml(schema: z.ZodType, introduction: string): string {
  const lines = [...comment(introduction, 0), '']
  for (const [key, node] of Object.entries(schemaTree(schema).properties ?? {}))
    lines.push(...yamlKey(key, node, 0), '')
  return `${lines.join('\n').trimEnd()}\n`
}

/**
 * The reference of `schema` as one Markdown table: key, what may stand there, default, meaning.
 * @param only the keys to name, in this order; all when left out
 */
export function markdownReference(schema: z.ZodType, only?: readonly string[]): string {
  const all = leaves(schemaTree(schema), '')
  const named = only?.flatMap(key => all.filter(({ path }) => path === key)) ?? all
  const rows = named.map(({ path, node }) => {
    const fallback = node.default === undefined ? '' : `\`${JSON.stringify(node.default)}\``
    return `| \`${path}\` | ${escapeCell(expectedWords(node))} | ${escapeCell(fallback)} | ${escapeCell(node.description ?? '')} |`
  })
  return ['| key | values | default | meaning |', '|---|---|---|---|', ...rows].join('\n')
}

/** Every key of `schema` as a dotted path, sections left out. */
export function configKeys(schema: z.ZodType): string[] {
  return leaves(schemaTree(schema), '').map(({ path }) => path)
}

function leaves(node: SchemaNode, prefix: string): { path: string; node: SchemaNode }[] {
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const path = prefix === '' ? key : `${prefix}.${key}`
    if (isSection(child)) return leaves(child, path)
    return [{ path, node: child }, ...elementLeaves(child, path)]
  })
}

/** The keys of the sections that a list or a map holds: `tiers.<name>.ids`. */
function elementLeaves(node: SchemaNode, path: string): { path: string; node: SchemaNode }[] {
  const inList = node.items !== undefined && isSection(node.items) ? leaves(node.items, `${path}[]`) : []
  const map = namedNode(node)
  const inMap = map !== undefined && isSection(map) ? leaves(map, `${path}.<name>`) : []
  return [...inList, ...inMap]
}

function yamlKey(key: string, node: SchemaNode, depth: number): string[] {
  const indent = '  '.repeat(depth)
  const head = comment(node.description ?? '', depth)
  if (isSection(node)) {
    const inside = Object.entries(node.properties ?? {}).flatMap(([name, child]) => yamlKey(name, child, depth + 1))
    // A section without any default would read as null.
    const isEmpty = inside.every(line => line.trimStart().startsWith('#'))
    return [...head, `${indent}${key}:${isEmpty ? ' {}' : ''}`, ...inside]
  }
  if (node.default === undefined) return [...head, `${indent}# ${key}:`]
  const text = stringify(
    { [key]: node.default },
    {
      flowCollectionPadding: false,
      collectionStyle: 'flow',
      lineWidth: 0,
    },
  )
  return [...head, `${indent}${text.trim().replace(/^\{(.*)\}$/s, '$1')}`]
}

function comment(text: string, depth: number): string[] {
  const indent = `${'  '.repeat(depth)}# `
  const lines: string[] = []
  for (const word of text.split(/\s+/).filter(Boolean)) {
    const last = lines.at(-1)
    if (last !== undefined && last.length + word.length < WIDTH) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(`${indent}${word}`)
  }
  return lines
}

function escapeCell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
