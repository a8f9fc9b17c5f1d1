import { statSync } from 'node:fs'
import { createServer } from 'node:net'

/** Holds the lock under which a pretend `pct` changes a container, until the function that it gives is called. */
export async function holdConfigLock(root: string, vmid: number): Promise<() => Promise<void>> {
  const { dev, ino } = statSync(root, { bigint: true })
  const address = `\0pretend-host/${dev}:${ino}/pve-config-${vmid}`
  const server = createServer()
  for (;;) {
    const isHeld = await new Promise<boolean>(resolve => {
      server.once('error', () => resolve(false))
      server.listen(address, () => resolve(true))
    })
    if (isHeld) return () => new Promise(resolve => server.close(() => resolve()))
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}
