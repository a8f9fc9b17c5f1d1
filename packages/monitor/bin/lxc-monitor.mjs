#!/usr/bin/env -S node --max-semi-space-size=1 --heap-growing-percent=15 --v8-pool-size=1
import { main } from '../dist/main.js'

await main()
