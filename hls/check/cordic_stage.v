// One vectoring stage of hls/kernels/cordic.hpp, to check the resource model against a synthesiser.
module cordic_stage #(parameter I = 3, ANGLE = 332050, LENGTH_BITS = 32, ANGLE_BITS = 26) (
    input clk,
    input signed [LENGTH_BITS-1:0] x, y,
    input signed [ANGLE_BITS-1:0] angle,
    output reg signed [LENGTH_BITS-1:0] x_out, y_out,
    output reg signed [ANGLE_BITS-1:0] angle_out
);
    wire forward = y < 0;
    localparam signed [ANGLE_BITS-1:0] STEP = ANGLE;
    // Plus or minus in one carry chain: the bit below the lowest is the carry in.
    wire [LENGTH_BITS:0] x_sum = {x, 1'b1} + {(y >>> I) ^ {LENGTH_BITS{forward}}, forward};
    wire [LENGTH_BITS:0] y_sum = {y, 1'b1} + {(x >>> I) ^ {LENGTH_BITS{~forward}}, ~forward};
    wire [ANGLE_BITS:0] angle_sum = {angle, 1'b1} + {STEP ^ {ANGLE_BITS{forward}}, forward};
    always @(posedge clk) begin
        x_out <= x_sum[LENGTH_BITS:1];
        y_out <= y_sum[LENGTH_BITS:1];
        angle_out <= angle_sum[ANGLE_BITS:1];
    end
endmodule
