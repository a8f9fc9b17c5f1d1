import './styles/preview-page.css'
import type { PreviewBody } from '@lxc-autoscale/core'
import { render } from 'preact'
import { PreviewPage } from './preview/preview-page.tsx'

/** The page that `lxc-autoscale preview --html` writes: it stands alone, and what it shows stands in it. */
const app = document.getElementById('app')
const data = document.getElementById('preview')
if (app !== null && data !== null) render(<PreviewPage body={JSON.parse(data.textContent ?? '') as PreviewBody} />, app)
