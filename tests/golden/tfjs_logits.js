// SPDX-License-Identifier: MIT
// TensorFlow.js's side of the comparison (see the script `tfjs`).
//   unpack FROM TO               a package whose model.json and shards are base64 in modules, as a folder of a model
//   logits MODEL PIXELS LOGITS   what the model says of pictures x / 255, without its last softmax
'use strict';
const fs = require('fs');
const path = require('path');
const crypto = require('crypto');

function unpack(from, to) {
    const model = require(path.resolve(from, 'model.min.js'));
    fs.mkdirSync(to, { recursive: true });
    const hash = crypto.createHash('sha256');
    for (const group of model.weightsManifest)
        for (const shard of group.paths) {
            const words = require(path.resolve(from, shard + '.min.js'));
            const bytes = Buffer.from(typeof words === 'string' ? words : words.default, 'base64');
            hash.update(bytes);
            fs.writeFileSync(path.join(to, shard), bytes);
        }
    fs.writeFileSync(path.join(to, 'model.json'), JSON.stringify(model));
    console.log('unpacked', model.weightsManifest.length, 'group(s), weights sha256', hash.digest('hex'));
}

async function logits(folder, pixelsPath, logitsPath) {
    const tf = require('@tensorflow/tfjs');
    require('@tensorflow/tfjs-backend-wasm');
    await tf.setBackend(process.env.TFJS_BACKEND || 'wasm');
    await tf.ready();
    const model_json = JSON.parse(fs.readFileSync(path.join(folder, 'model.json')));
    const shards = model_json.weightsManifest.flatMap((g) => g.paths.map((p) => fs.readFileSync(path.join(folder, p))));
    const weightData = new Uint8Array(Buffer.concat(shards)).buffer;
    const weightSpecs = model_json.weightsManifest.flatMap((g) => g.weights);
    const network = model_json.modelTopology.model_config.config;
    const last = network.layers.find((layer) => layer.config.name === network.output_layers[0][0]);
    const activation = last.config.activation;
    last.config.activation = 'linear';
    const model = await tf.loadLayersModel(
        tf.io.fromMemory({ modelTopology: model_json.modelTopology, weightSpecs, weightData }));
    console.log('TensorFlow.js', tf.version.tfjs, tf.getBackend() + ';', last.class_name, last.config.name, 'without its',
                activation);
    const [, height, width, channels] = model.inputs[0].shape;
    const values = height * width * channels;
    const pixels = fs.readFileSync(pixelsPath);
    const out = [];
    for (let at = 0; at + values <= pixels.length; at += values) {
        const input = Float32Array.from(pixels.subarray(at, at + values), (p) => p / 255);
        const result = tf.tidy(() => model.predict(tf.tensor4d(input, [1, height, width, channels])));
        out.push(Buffer.from(Float32Array.from(await result.data()).buffer));
        result.dispose();
    }
    fs.writeFileSync(logitsPath, Buffer.concat(out));
}

const [verb, ...words] = process.argv.slice(2);
if (verb === 'unpack') unpack(...words);
else logits(...words).catch((error) => { console.error(error); process.exit(1); });
