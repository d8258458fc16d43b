/* SPDX-License-Identifier: MIT */
/* The kernels: loops over numbers, nothing else. They know shapes and pointers, no layers, files or threads; each call
 * is serial, over one image or one run of values, and whoever calls decides what runs at the same time.
 *
 * There is one table per instruction set, with every operator in it. reference.c is the plain C of each, complete and
 * kept forever: it is the fallback, the oracle of the kernel test, and the documentation. The fast rows start as a
 * copy of the reference row and replace what they do better (dispatch.c).
 *
 * Layouts. An image is NHWC: element (y, x, c) of an image lies at y * row_stride + x * c_count + c, row_stride in
 * elements, so that an image may be the inside of a larger, padded one. Convolution weights are HWIO: row k =
 * (kh, kw, ic) of the K x OC matrix; dense weights are (in, out), the same matrix for a 1x1 kernel, and a dense layer
 * over n images is a 1x1 convolution over a row of n pixels. Weights are packed once per step into panels of
 * tile_columns columns, panel p holding [K][tile_columns] values, the last one filled up with zeros.
 *
 * Same bits: every output element is summed in one order that depends on the shape and the instruction set alone. */
#ifndef KERNELS_KERNELS_H
#define KERNELS_KERNELS_H

#include "base/random.h"
#include "base/real.h"
#include "base/unary.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A convolution of one image that carries its padding already (valid convolution):
 * oh = (ih - kh) / sh + 1, ow = (iw - kw) / sw + 1. Strides of rows in elements, at least iw * ic and ow * oc. A forward
 * convolution may be asked for some of its channels: oc of them, from a whole number of panels on, into dst's pixels that
 * lie dst_pixel_stride apart. */
struct conv_shape {
    size_t ih, iw, ic;
    size_t oh, ow, oc;
    size_t kh, kw, sh, sw;
    size_t src_row_stride, dst_row_stride;
    size_t dst_pixel_stride; /* 0 is oc */
};

/* Convolutions with a 3x3 kernel and stride 1 by Winograd's minimal filtering F(tile x tile, 3x3): the output is cut into
 * tiles of 4x4 or 2x2 pixels, and a tile's (tile + 2)^2 transformed pixels need one product each, where the direct way
 * takes 9 for each of tile^2. Image i lies at src + i * src_image_stride and dst + i * dst_image_stride; several in one
 * call share the transformed weights while these are in a cache. An infinite or NaN value spreads over its tile. */
struct winograd_shape {
    struct conv_shape conv;
    size_t tile; /* 4 or 2, as winograd.tile says */
    size_t images, src_image_stride, dst_image_stride;
};

/* The gradient of a large 1x1 kernel over small images: added image by image, its sums would cost more to move than to
 * add. So the pixels that are read are first packed into panels of tile_columns channels, [panel][pixel][tile_columns], the last
 * panel filled up with zeros; then each square of the kernel, a panel of source by a panel of output channels, is summed over
 * many images at once. */
struct pixels_shape {
    size_t rows, width, c;
    size_t row_stride, pixel_stride; /* of the image, in values */
};
struct panels_shape {
    size_t images, pixels;
    size_t src_image_stride, diff_image_stride; /* from an image's panels to the next's */
};

struct winograd_kernels {
    /* The tile with which Winograd is faster than conv2d (or conv2d_diff_weights) for this shape; 0 where it is not, or
     * cannot be. Fixed by shape and instruction set. The gradient to the source asks with the shape it runs. */
    size_t (*tile)(const struct conv_shape *shape, bool diff_weights);
    /* Values of scratch that conv2d and diff_weights need, whatever the sizes and the number of images. */
    size_t (*scratch_size)(size_t tile, size_t ic, size_t oc);
    /* The transformed weights as a (tile + 2)^2 * ic x oc matrix, packed as `pack` does: its columns still are output
     * channels; kernels_packed_size((tile + 2)^2 * ic, oc) values. Rotated: for the gradient to the source, whose
     * columns are ic: kernels_packed_size((tile + 2)^2 * oc, ic). */
    void (*pack)(size_t tile, const real *weights, size_t ic, size_t oc, real *packed);
    void (*pack_rotated)(size_t tile, const real *weights, size_t ic, size_t oc, real *packed);
    /* As the table's conv2d, without add, and conv2d_diff_weights, for all images of the shape. */
    void (*conv2d)(const struct winograd_shape *shape, const real *src, const real *packed, const real *bias, bool relu,
                   size_t row_begin, size_t row_end, real *dst, real *scratch);
    void (*diff_weights)(const struct winograd_shape *shape, const real *src, const real *diff_dst, bool resume,
                         real *diff_weights, real *scratch);
};

/* A maximum pooling of one image that carries its padding already (the padding holds what the layer says: 0 after
 * ReLU for ResNet50's explicit ZeroPadding2D). */
struct pool_shape {
    size_t ih, iw, c;
    size_t oh, ow;
    size_t kh, kw, sh, sw;
    size_t src_row_stride, dst_row_stride;
};

/* Places of a window's winner that fit one byte; a larger window's take four. */
enum { POOL_BYTE_TAPS = 256 };

/* A depthwise convolution of one image: output channel c * multiplier + m is source channel c under its own kh x kw
 * weights. The padding is not in memory: taps that fall outside the source are left out. */
struct depthwise_shape {
    size_t ih, iw, c, multiplier;
    size_t oh, ow;
    size_t kh, kw, sh, sw;
    size_t pad_top, pad_left;
    size_t src_row_stride, dst_row_stride; /* in values */
};

/* An average pooling of one image: a window's mean is over those of its taps that fall inside the source; one does. */
struct average_shape {
    size_t ih, iw, c;
    size_t oh, ow;
    size_t kh, kw, sh, sw;
    size_t pad_top, pad_left;
    size_t src_row_stride, dst_row_stride;
};

/* An operand of a product, which may be repeated: the stride of a dimension along which it is repeated is 0. */
struct repeated {
    size_t row_stride, pixel_stride, channel_stride;
};

/* Rows of pixels with their strides: the shape of what is done value by value or channel by channel. */
struct rows_shape {
    size_t rows, width, c; /* width in pixels */
    size_t src_row_stride, dst_row_stride;
};

/* Of an addition: values * scale[c] + shift[c]; scale NULL: the values (shift is not read). */
struct operand {
    const real *values;
    size_t row_stride;
    const real *scale, *shift;
};

struct adam_step {
    real learning_rate;  /* already with the bias correction: lr * sqrt(1 - beta2^t) / (1 - beta1^t) */
    real share1, share2; /* 1 - beta1 and 1 - beta2, rounded once: from a rounded beta2, 1 - 0.999F is off by 5e-5 */
    real epsilon;
};

struct sgd_step {
    real learning_rate, momentum;
    bool nesterov;
};

/* Products of a sum that conv2d finishes in registers, at most: so long dst is written once, when it is done. */
enum { KERNELS_ADD_IN_PLACE = 384 };

struct kernels {
    const char *name;    /* "ref", "avx2", "avx512", "neon" */
    size_t tile_rows;    /* pixels of the register tile */
    size_t tile_columns; /* channels of the register tile, and the width of a panel of packed weights */

    /* packed[panel][k][tile_columns] from weights[k][columns]; kernels_packed_size() values. */
    void (*pack)(const real *weights, size_t k, size_t columns, real *packed);
    /* The weights of the gradient to the source: from HWIO weights, the matrix whose row (kh', kw', oc) and column ic
     * is weights[kh-1-kh'][kw-1-kw'][ic][oc], packed. A convolution of the padded diff_dst with it gives diff_src. */
    void (*pack_rotated)(const real *weights, size_t kh, size_t kw, size_t ic, size_t oc, real *packed);

    /* dst[y][x][oc] = act(bias[oc] + sum over k of src * packed + add[y][x][oc]), rows [row_begin, row_end) of the
     * output. bias NULL is none, add NULL too; add has dst's strides, and is rounded as the sum of two finished values. It
     * may be dst where a sum has at most KERNELS_ADD_IN_PLACE products: longer ones begin in dst and end later.
     * relu: act is max(0, .), NaN stays NaN. scratch: conv2d_scratch values of the calling thread, aligned to
     * MEMORY_ALIGNMENT. */
    void (*conv2d)(const struct conv_shape *shape, const real *src, const real *packed, const real *bias,
                   const real *add, bool relu, size_t row_begin, size_t row_end, real *dst, real *scratch);
    size_t conv2d_scratch;
    /* diff_weights[k][oc] = (resume ? diff_weights[k][oc] : 0) + sum over the image's pixels of src(pixel, k) *
     * diff_dst(pixel, oc); dst_row_stride is diff_dst's. */
    void (*conv2d_diff_weights)(const struct conv_shape *shape, const real *src, const real *diff_dst, bool resume,
                                real *diff_weights);

    /* kernels_packed_size(rows * width, c) values. */
    void (*pack_pixels)(const struct pixels_shape *shape, const real *src, real *panels);
    /* sums[tile_columns][tile_columns] = sum over images and pixels of src x diff_dst; both point to a panel of the first
     * image. One chain of additions, image after image. */
    void (*sum_panels)(const struct panels_shape *shape, const real *src, const real *diff_dst, real *sums);

    struct winograd_kernels winograd;

    /* dst = act(src * scale[c] + shift[c]); scale NULL copies (shift is not read). */
    void (*affine)(const struct rows_shape *shape, const real *src, const real *scale, const real *shift, bool relu,
                   real *dst);
    /* dst = act(a + b); the strides of rows are dst's and the operands' own. dst may be an operand's values. */
    void (*add)(const struct rows_shape *shape, const struct operand *a, const struct operand *b, bool relu, real *dst);
    /* diff_src = dst > 0 ? diff_dst : 0, `dst` the output of the ReLU. May run in place (diff_src == diff_dst). */
    void (*relu_backward)(size_t count, const real *diff_dst, const real *dst, real *diff_src);

    /* mean[c], m2[c] (sum of squared deviations from that mean) of `pixels` dense pixels. */
    void (*statistics)(size_t pixels, size_t c, const real *src, real *mean, real *m2);
    /* sum_diff[c] += sum of diff_dst; sum_diff_src[c] += sum of diff_dst * (src - mean[c]). Dense. */
    void (*batch_norm_reduce)(size_t pixels, size_t c, const real *diff_dst, const real *src, const real *mean,
                              real *sum_diff, real *sum_diff_src);
    /* diff_src = a[c] * diff_dst + b[c] * src + d[c], and 0 where mask_relu and src <= 0 (src is then the output of a
     * ReLU inside the layer before). diff_dst and src dense, diff_src with dst_row_stride. */
    void (*batch_norm_backward)(const struct rows_shape *shape, const real *diff_dst, const real *src, const real *a,
                                const real *b, const real *d, bool mask_relu, real *diff_src);
    /* sum[c] += sum over the rows of src: the gradient of a bias. */
    void (*sum_pixels)(const struct rows_shape *shape, const real *src, real *sum);

    /* Maximum over each window of src * scale[c] + shift[c] (scale NULL: of src), first in row-major order among equals;
     * NaN wins over numbers. argmax (NULL: not wanted) gets ky * kw + kx of every output value, densely: values of
     * kernels_place_size() bytes, a uint8_t or a uint32_t each. */
    void (*max_pool)(const struct pool_shape *shape, const real *src, const real *scale, const real *shift, real *dst,
                     void *argmax);
    /* diff_src = 0, then += diff_dst at each window's maximum. diff_src has src_row_stride, diff_dst dst_row_stride. */
    void (*max_pool_backward)(const struct pool_shape *shape, const real *diff_dst, const void *argmax, real *diff_src);

    /* dst[c] = mean over `pixels` dense pixels, and back: diff_src[p][c] = diff_dst[c] / pixels. */
    void (*global_average)(size_t pixels, size_t c, const real *src, real *dst);
    void (*global_average_backward)(size_t pixels, size_t c, const real *diff_dst, real *diff_src);

    /* Nearest up-sampling by whole factors: shape is the source's (rows, width, c, strides of both). */
    void (*upsample)(const struct rows_shape *shape, size_t factor_h, size_t factor_w, const real *src, real *dst);
    void (*upsample_backward)(const struct rows_shape *shape, size_t factor_h, size_t factor_w, const real *diff_dst,
                              real *diff_src); /* src_row_stride is diff_src's, dst_row_stride diff_dst's */

    /* Output rows [row_begin, row_end): dst = act(bias[o] + sum over the taps of src * weights[ky][kx][o]), o = c * multiplier
     * + m; bias NULL is none. */
    void (*depthwise)(const struct depthwise_shape *shape, const real *src, const real *weights, const real *bias,
                      bool relu, size_t row_begin, size_t row_end, real *dst);
    /* The whole gradient to the source: diff_src has src_row_stride, diff_dst dst_row_stride. */
    void (*depthwise_diff_src)(const struct depthwise_shape *shape, const real *diff_dst, const real *weights,
                               real *diff_src);
    /* As conv2d_diff_weights: diff_weights[ky][kx][o] = (resume ? itself : 0) + sum over the image. */
    void (*depthwise_diff_weights)(const struct depthwise_shape *shape, const real *src, const real *diff_dst,
                                   bool resume, real *diff_weights);

    /* Output rows [row_begin, row_end); and back, the whole diff_src, which has src_row_stride. */
    void (*average_pool)(const struct average_shape *shape, const real *src, size_t row_begin, size_t row_end,
                         real *dst);
    void (*average_pool_backward)(const struct average_shape *shape, const real *diff_dst, real *diff_src);

    /* dst = f(src); diff_src = f'(src) * diff_dst, where src has the row stride that is given and the shape's strides are
     * diff_dst's and diff_src's. Not for softmax. The same bits whatever the C library: within 0.6 ULP of f, or of the
     * greatest of the terms where a derivative changes sign; the product rounds once more. NaN stays NaN, infinities give limits. Where f bends,
     * f' is negative_slope at 0 for RELU, 0 at its maximum and at both ends of hard_sigmoid, 1 at 0 for ELU. In place where
     * strides agree. */
    void (*unary)(const struct rows_shape *shape, const struct unary *unary, const real *src, real *dst);
    void (*unary_backward)(const struct rows_shape *shape, const struct unary *unary, const real *diff_dst,
                           const real *src, size_t src_row_stride, real *diff_src);

    /* dst[y][x][c] = a * b, where both may be repeated; the shape's rows, width, c and dst_row_stride are dst's. */
    void (*multiply)(const struct rows_shape *shape, const real *a, const struct repeated *a_strides, const real *b,
                     const struct repeated *b_strides, real *dst);
    /* The gradient to one factor: diff = sum, over what it is repeated along, of diff_dst * other, one chain of additions
     * in the order of the values. The shape's rows, width and c are diff_dst's, with src_row_stride. */
    void (*multiply_backward)(const struct rows_shape *shape, const real *diff_dst, const real *other,
                              const struct repeated *other_strides, real *diff, const struct repeated *diff_strides);

    /* dst = random >= rate ? src / (1 - rate) : 0, the random numbers those of `place` in the order of the values. The
     * gradient is the same function of the gradient. */
    void (*dropout)(const struct rows_shape *shape, double rate, const struct random_stream *place, const real *src,
                    real *dst);

    /* probabilities[i][] = softmax of logits[i][], the maximum subtracted first. */
    void (*softmax)(size_t n, size_t classes, const real *logits, real *probabilities);
    /* loss[i] = -log softmax(logits[i])[labels[i]], computed on logits; diff_logits = (softmax - onehot) * scale. */
    void (*softmax_cross_entropy)(size_t n, size_t classes, const real *logits, const int32_t *labels, real scale,
                                  real *loss, real *diff_logits);
    /* The same for targets that are shares of classes, [n][classes], and a weight for each image (NULL: 1): loss[i] = -weight
     * * sum over c of target * log softmax(logits)[c]; diff_logits = (softmax * sum of targets - target) * weight * scale, and
     * may be logits. A class without a share adds nothing to the loss, whatever its logit. */
    void (*softmax_target_entropy)(size_t n, size_t classes, const real *logits, const real *targets,
                                   const real *weights, real scale, real *loss, real *diff_logits);
    /* Independent classes: loss[i] = -weight * mean over c of target * log sigmoid(logit) + (1 - target) * log(1 - sigmoid);
     * diff_logits = (sigmoid - target) * weight * scale / classes, and may be logits. */
    void (*sigmoid_cross_entropy)(size_t n, size_t classes, const real *logits, const real *targets,
                                  const real *weights, real scale, real *loss, real *diff_logits);

    /* dst[i] = sum of the `parts` vectors part[0..parts) that lie `part_stride` apart, for i in [0, count), added in a
     * fixed binary tree over the parts: neighbours first ((p0+p1)+(p2+p3))+...; an odd one at the end moves up as it is. */
    void (*join_parts)(size_t count, size_t parts, size_t part_stride, const real *part, real *dst);

    /* Optimizers as Keras defines them. Adam: m += (g - m) share1; v += (g^2 - v) share2;
     * w -= learning_rate * m / (sqrt(v) + epsilon). SGD with momentum: v = momentum v - lr g; w += v, or with Nesterov
     * w += momentum v - lr g; without momentum (velocity may be NULL) w -= lr g. */
    void (*adam)(size_t count, const struct adam_step *step, const real *gradient, real *weights, real *m, real *v);
    void (*sgd)(size_t count, const struct sgd_step *step, const real *gradient, real *weights, real *velocity);
};

/* Values in a packed k x columns matrix: k times columns rounded up to tile_columns. */
size_t kernels_packed_size(const struct kernels *kernels, size_t k, size_t columns);

/* Bytes of one place in a maximum pooling's argmax. */
size_t kernels_place_size(const struct pool_shape *shape);

/* Whether the gradient of a kernel is better summed from panels: by shape alone, the same for every row. */
bool kernels_want_panels(const struct conv_shape *conv);

/* The table for this machine: the best row it can run, or the one OCELLUS_CPU names (ref, avx2, avx512, neon). NULL
 * when OCELLUS_CPU names none or one this machine lacks; *why (when given) then says so. */
const struct kernels *kernels_select(const char **why);
/* Every row built into this program that this machine can run, reference first; NULL-terminated. */
const struct kernels *const *kernels_available(void);

#endif
