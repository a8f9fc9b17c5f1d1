import { join } from 'node:path'

/** Where `npm run build` puts the files of the dashboard: index.html, assets, and .br and .gz beside each. */
export const dashboardDirectory = join(import.meta.dirname, 'dist')
