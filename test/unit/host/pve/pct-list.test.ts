import { expect, test } from 'vitest'
import { parsePctList } from '../../../../packages/host/src/pve/pct-list.ts'

const LIST = `VMID       Status     Lock         Name                
100        running                 web                 
101        stopped    snapshot     db.example.com      
1234567    running    snapshot-delete CT1234567           
`

test('reads the list, with blank and overflowing locks', () => {
  expect(parsePctList(LIST)).toEqual([
    { vmid: 100, isRunning: true, lock: undefined, name: 'web' },
    { vmid: 101, isRunning: false, lock: 'snapshot', name: 'db.example.com' },
    { vmid: 1_234_567, isRunning: true, lock: 'snapshot-delete', name: 'CT1234567' },
  ])
})

test('has no containers when nothing is printed', () => {
  expect(parsePctList('')).toEqual([])
})
