import { createJobRenderer } from './job-renderer.ts'
import { renderJobSchema, renderResultSchema } from './render-job.ts'
import { serveRenderer } from './serve-renderer.ts'

const renderer = createJobRenderer()
serveRenderer({ schemas: { job: renderJobSchema, result: renderResultSchema }, render: renderer.render })
