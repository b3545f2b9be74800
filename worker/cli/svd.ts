#!/usr/bin/env node
import './limit-young-garbage.ts'
import { npmRunDirectory } from './npm-run-directory.ts'
import { processContext } from './process-context.ts'
import { runProgram } from './program.ts'

const typedIn = npmRunDirectory(process.env, process.cwd())
if (typedIn !== null) process.chdir(typedIn)
process.exitCode = await runProgram(process.argv.slice(2), processContext())
