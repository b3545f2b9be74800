import type { Answer, ScriptedEndpoint, ScriptedRequest } from '../../fixtures/scripted-endpoint.ts'
import { openScriptedEndpoint } from '../../fixtures/scripted-endpoint.ts'
import { WHEEL } from './a-release.ts'

export const FILE_PATH = `/files/${WHEEL}`

const JSON_TYPE = 'application/vnd.pypi.simple.v1+json'

/** The page of a project, by PEP 691. */
export const jsonPage = (url: string, filename = WHEEL): Answer => ({
  status: 200,
  headers: { 'content-type': JSON_TYPE },
  body: JSON.stringify({ meta: { 'api-version': '1.1' }, name: 'x', files: [{ filename, url, hashes: {} }] }),
})

/** The page of a project, by PEP 503. */
export const htmlPage = (href: string): Answer => ({
  status: 200,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!DOCTYPE html><html><body>
    <a href="/files/other-1.0.whl">other</a><br/>
    <a data-requires-python="&gt;=3.11" href="${href}">${WHEEL}</a></body></html>`,
})

export const fileAnswer =
  (wheel: Buffer): Answer =>
  (response) =>
    void response.writeHead(200, { 'content-length': wheel.length }).end(wheel)

/** An index on the loopback interface that has the wheel; `answer` goes before what it says of itself. */
export const openIndex = (
  wheel: Buffer,
  answer: (request: ScriptedRequest, place: number) => Answer | null = () => null,
): Promise<ScriptedEndpoint> =>
  openScriptedEndpoint((request, place) => {
    const scripted = answer(request, place)
    if (scripted !== null) return scripted
    if (request.url === '/simple/onnxruntime-gpu/') return jsonPage(FILE_PATH)
    return request.url === FILE_PATH ? fileAnswer(wheel) : { status: 404 }
  })
