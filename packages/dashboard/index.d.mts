/** Where `npm run build` puts the files of the dashboard: index.html, assets, and .br and .gz beside each. */
export declare const dashboardDirectory: string
