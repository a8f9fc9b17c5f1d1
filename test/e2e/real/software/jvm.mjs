import { readFileSync } from 'node:fs'
import { wrkSlice } from './wrk.mjs'

/** A Java service whose heap grows in the morning and is given back in the evening. */
export const jvm = {
  name: 'jvm',
  process: 'java',
  options: { cores: '1', memory: '640' },
  files: { 'opt/heap-server.java': readFileSync(new URL('heap-server.java', import.meta.url), 'utf8') },
  service: `cd /opt; javac -J-Xmx96m heap-server.java
    exec java -Dsun.net.httpserver.nodelay=true -Xms32m -Xmx640m -XX:MaxNewSize=48m -XX:+UseG1GC -XX:G1PeriodicGCInterval=2000 -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=15 HeapServer`,

  async slice({ run, address, load }) {
    await get(run, address, `/hold?mb=${Math.round(20 + 320 * load)}`)
    const connections = Math.round(1 + 11 * load)
    return wrkSlice(run, { url: `http://${address}:8080/work?page=`, pages: 1_000, connections, pauseMs: 10 })
  },
}

/** There is no curl in the tree. */
async function get(run, address, path) {
  const script = `exec 3<>/dev/tcp/${address}/8080; printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3; head -1 <&3`
  const status = await run('bash', '-c', script)
  if (!status.includes(' 200 ')) throw new Error(`GET ${path}: ${status}`)
}
