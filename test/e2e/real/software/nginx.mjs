import { wrkSlice } from './wrk.mjs'

const FILES = 380

/** Static files, compressed on the way; by day more of them are asked for than the page cache may hold. Sized by quota, in tenths of a core. */
export const nginx = {
  name: 'nginx',
  process: 'nginx',
  options: { cores: '2', cpulimit: '1', memory: '384' },
  files: { 'etc/nginx/conf.d/gzip.conf': 'gzip_types *;\n' },
  service: `cd /var/www/html; head -c 40000000 /dev/urandom | od -An -x | split -a 4 --numeric-suffixes=1 -b 256k - page
    exec nginx -g 'daemon off;'`,

  slice({ run, address, load }) {
    const pages = Math.round(50 + (FILES - 50) * load)
    return wrkSlice(run, { url: `http://${address}/page`, pages, connections: Math.round(1 + 11 * load), pauseMs: 20 })
  },
}
