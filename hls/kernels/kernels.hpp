// The kernels as Vitis HLS builds them: AXI4-Stream for data, AXI-Lite for what is below.
//
// frames    of this block, 1 to spec::MAX_BLOCK; with 0, or more, a call only sets `identity`
// identity  spec::IDENTITY
// beats     of the stream of codes
// bank      where the state before this block is; the state after it goes to the other bank
// reset     1: take the state before this block as empty
// digest    of the spectrum as it arrived; of the codes as they arrived, or 0 if they were refused
//           (the outputs are zeros then); of the spectrum as it left
#pragma once

#include "axis.hpp"

void cordic_vectoring(axis_stream& spectrum, axis_stream& magnitude, axis_stream& polar,
                      ap_uint<8> frames, ap_uint<32>* digest, ap_uint<32>* identity);

void lut_mac(axis_stream& magnitude, axis_stream& codes, axis_stream& network, ap_uint<8> frames,
             ap_uint<32> beats, ap_uint<1> bank, ap_uint<1> reset, ap_uint<32>* digest,
             ap_uint<32>* identity);

void cordic_rotation(axis_stream& network, axis_stream& polar, axis_stream& spectrum,
                     ap_uint<8> frames, ap_uint<32>* digest, ap_uint<32>* identity);
