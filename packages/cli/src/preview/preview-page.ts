import { join } from 'node:path'
import { type PreviewBody, visibleText } from '@lxc-autoscale/core'
import { dashboardDirectory } from '@lxc-autoscale/dashboard'
import { readText } from '../read-text.ts'

/** Where in the page what it shows is to stand. See packages/dashboard/src/preview.html. */
const PLACE = '"%preview%"'

/** The page without what it shows. @throws {AutoscaleError} HOST_UNREADABLE */
export function previewTemplate(): string {
  return readText(join(dashboardDirectory, 'preview.html'))
}

/** One page with the curves, which needs nothing beside it. */
export function previewPage(template: string, body: PreviewBody): string {
  const [before = '', after = ''] = template.split(PLACE)
  return `${before}${scriptSafe(body)}${after}`
}

/** JSON that ends no script element, whatever the names in it are. Source: HTML standard, 4.12.1.3. */
function scriptSafe(value: unknown): string {
  return visibleText(JSON.stringify(value)).replaceAll('<', String.raw`\u003c`)
}
