// SPDX-License-Identifier: MIT
// ONNX Runtime as a yardstick: its side of the protocol in answer.h.
// onnxruntime_peer.js FILE.onnx BATCH SIDE THREADS; NODE_PATH names the folder that holds onnxruntime-node.
"use strict";
const readline = require("node:readline");
const ort = require("onnxruntime-node");

async function main([file, batch, side, threads]) {
  const session = await ort.InferenceSession.create(file, {
    executionProviders: ["cpu"],
    intraOpNumThreads: Number(threads),
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  });
  const shape = [Number(batch), 3, Number(side), Number(side)];
  const values = Float32Array.from({ length: shape.reduce((a, b) => a * b) }, Math.random);
  const feeds = { images: new ort.Tensor("float32", values, shape) };
  const version = require("onnxruntime-node/package.json").version;
  console.log(`ready parameters=0 flops=0 about ONNX Runtime ${version} (onnxruntime-node)`);
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const times = Number(line.split(" ")[2]);
    const start = process.hrtime.bigint();
    for (let i = 0; i < times; i++) await session.run(feeds);
    console.log((Number(process.hrtime.bigint() - start) / 1e9).toFixed(9));
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(`onnxruntime_peer.js: ${error.message}`);
  process.exit(1);
});
