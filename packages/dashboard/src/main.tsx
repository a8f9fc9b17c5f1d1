import './styles/main.css'
import { render } from 'preact'
import { startLive } from './live.ts'
import { startRouter } from './router.ts'
import { Shell } from './shell.tsx'

startRouter()
startLive()
const app = document.getElementById('app')
if (app !== null) render(<Shell />, app)
