// The least that node:http does for an answer of so many bytes: what the API is measured against. Prints its port.
import { createServer } from 'node:http'

const body = 'x'.repeat(Number(process.argv[2]))
const headers = { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length }

const server = createServer((_request, response) => response.writeHead(200, headers).end(body))
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
